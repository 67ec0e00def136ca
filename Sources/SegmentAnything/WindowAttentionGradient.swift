import Tensor

/// The way back through every head of every square of a picture of tokens (its windows, or the whole of it as one square).
///
/// A square that reaches beyond the picture is filled up with tokens that are keys like all others, but ask nothing; they all have
/// the same key and value.
struct WindowAttentionGradient {
    let squares: WindowGrid
    let heads: Int
    let headSize: Int
    /// Where q, k and v of a head begin in a token's `3 · heads · headSize` values.
    let layout: @Sendable (_ head: Int) -> (q: Int, k: Int, v: Int)
    /// What a filling token was projected to.
    let filling: Tensor

    /// One head of one square, while its gradient is computed.
    struct Item {
        let square: Int
        let head: Int
        let area: WindowGrid.Area
        /// The square's queries, `area.count × headSize`, and their gradients so far.
        let queries: UnsafePointer<Float>
        let slopes: UnsafeMutablePointer<Float>
        /// As much scratch as was asked for.
        let scratch: UnsafeMutablePointer<Float>

        /// A query's row and column in the square.
        func place(_ query: Int) -> (y: Int, x: Int) { (query / area.columns, query % area.columns) }
    }

    private var keys: Int { squares.window * squares.window }
    private var attention: AttentionGradient { AttentionGradient(queries: keys, keys: keys, headSize: headSize) }

    /// Queries that `addBias` and `take` see at most at a time.
    var block: Int { attention.block }
    var itemCount: Int { squares.count * heads }

    /// - Parameters:
    ///   - projected: `side² × 3·width`. `dy`: of what the heads gathered, `side² × width`.
    ///   - slopes: the projection's gradient, written.
    ///   - fillings: `squares × 3·width`: the gradient of each square's filling tokens, written; nil where nobody asks.
    ///   - result: what the heads gathered, written where it is asked for.
    ///   - begin: before an item's first block. `end`: after its last.
    ///   - addBias, take: as ``AttentionGradient`` has them.
    func callAsFunction(
        _ projected: Tensor, dy: Tensor, into slopes: Tensor, fillings: Tensor?, result: Tensor? = nil, scratch: Int,
        in workspace: Workspace, begin: (Item) -> Void, addBias: (Item, Range<Int>, UnsafeMutablePointer<Float>) -> Void,
        take: (Item, Range<Int>, UnsafePointer<Float>) -> Void, end: (Item) -> Void = { _ in }
    ) {
        let size = headSize, stride = projected.columns, width = dy.columns, side = squares.side, window = squares.window
        let attention = attention, keys = keys, lines = keys * size
        fillings?.fill(0)
        workspace.parallel(itemCount, scratch: 8 * lines + attention.scratch + scratch) { index, memory in
            let square = index / heads, head = index % heads, area = squares[square], layout = layout(head)
            let q = memory, k = q + lines, v = k + lines, slope = v + lines, gathered = slope + lines
            let dq = gathered + lines, dk = dq + lines, dv = dk + lines, scores = dv + lines
            let item = Item(
                square: square, head: head, area: area, queries: UnsafePointer(q), slopes: dq, scratch: scores + attention.scratch)
            for query in 0..<area.count {
                let token = token(query, of: area)
                (q + query * size).update(from: projected.pointer + token * stride + layout.q, count: size)
                (slope + query * size).update(from: dy.pointer + token * width + head * size, count: size)
            }
            for key in 0..<keys {
                let y = key / window, x = key % window, isReal = y < area.rows && x < area.columns
                let source = isReal ? projected.pointer + (area.token + y * side + x) * stride : filling.pointer
                (k + key * size).update(from: source + layout.k, count: size)
                (v + key * size).update(from: source + layout.v, count: size)
            }
            begin(item)
            attention(
                q, count: area.count, k, v, dy: slope, into: dq, dk, dv, result: result == nil ? nil : gathered, scratch: scores
            ) {
                addBias(item, $0, $1)
            } take: {
                take(item, $0, $1)
            }
            end(item)
            for query in 0..<area.count {
                let token = token(query, of: area)
                (slopes.pointer + token * stride + layout.q).update(from: dq + query * size, count: size)
                if let result { (result.pointer + token * width + head * size).update(from: gathered + query * size, count: size) }
            }
            for key in 0..<keys {
                let y = key / window, x = key % window
                if y < area.rows, x < area.columns {
                    let target = slopes.pointer + (area.token + y * side + x) * stride
                    (target + layout.k).update(from: dk + key * size, count: size)
                    (target + layout.v).update(from: dv + key * size, count: size)
                } else if let fillings {
                    let target = fillings.pointer + square * stride
                    add(target + layout.k, dk + key * size, into: target + layout.k, count: size)
                    add(target + layout.v, dv + key * size, into: target + layout.v, count: size)
                }
            }
        }
    }

    private func token(_ query: Int, of area: WindowGrid.Area) -> Int {
        area.token + query / area.columns * squares.side + query % area.columns
    }
}
