import Tensor

/// TinyViT's attention inside windows: softmax(q·kᵀ/√d + bias)·v, the bias learned for each distance of two tokens.
///
/// The norm belongs to it. The picture is filled up with tokens of zeros at its right and lower edge before the norm, so a
/// filling token is the norm's bias, and its key and value are always the same: they are computed once, and no layer
/// sees a filled-up picture. The filling takes part as keys like every other token.
///
/// A few windows at a time go from their tokens to the finished sum without leaving the second-level cache.
struct TinyViTAttention: Sendable {
    let grid: WindowGrid
    let heads: Int
    let norm: LayerNorm
    /// Head by head q, k and v: `3 · width` outputs.
    let qkv: Linear
    /// What `qkv` makes of a filling token.
    let filling: Tensor
    let biases: AttentionBiases
    let output: Linear

    /// Tokens that windows are taken together for: enough rows for the register tiles, few enough for the cache.
    private static let groupTokens = 160

    init(_ checkpoint: Checkpoint, _ prefix: String, _ stage: TinyViTStage) throws(CheckpointError) {
        let width = stage.width
        grid = WindowGrid(side: stage.side, window: stage.window)
        heads = stage.heads
        norm = try checkpoint.norm(prefix + "norm", width, epsilon: TinyViT.epsilon)
        qkv = try checkpoint.linear(prefix + "qkv", in: width, out: 3 * width)
        biases = AttentionBiases(
            table: try checkpoint.tensor(prefix + "attention_biases", heads, stage.window * stage.window), window: stage.window)
        output = try checkpoint.linear(prefix + "proj", in: width, out: width)
        filling = Tensor(rows: 1, columns: 3 * width)
        qkv(norm.bias, into: filling)
        checkpoint.tuning?.parameters.derive { [norm, qkv, filling, biases] in
            qkv(norm.bias, into: filling)
            biases.refresh()
        }
    }

    /// x + attention(norm(x)).
    ///
    /// - Parameters:
    ///   - x: `side² × width`.
    ///   - take: gets each finished run of tokens: the row of its first token in x, how many, and their values, which are
    ///     gone afterwards. Called on several cores.
    func callAsFunction(_ x: Tensor, in workspace: Workspace, take: (Int, Int, UnsafePointer<Float>) -> Void) {
        let width = x.columns, tokens = grid.window * grid.window, line = grid.side
        let group = max(1, Self.groupTokens / tokens), groups = (grid.count + group - 1) / group
        let most = group * tokens, inner = Inner(window: grid.window, heads: heads, width: width)
        // The tokens, their normal form (later what they gathered), and q, k and v with one filling token behind them.
        let scratch = most * 2 * width + (most + 1) * qkv.outputs + inner.scratch
        workspace.parallel(groups, scratch: scratch) { item, raw in
            let mixed = raw + most * width, projected = mixed + most * width
            let windows = item * group..<min(grid.count, (item + 1) * group)
            var count = 0
            for window in windows {
                let area = grid[window]
                for row in 0..<area.rows {
                    let source = x.pointer + (area.token + row * line) * width
                    (raw + count * width).update(from: source, count: area.columns * width)
                    count += area.columns
                }
            }
            mixed.update(from: raw, count: count * width)
            norm(mixed, rows: count)
            qkv(mixed, rows: count, into: projected)
            (projected + count * qkv.outputs).update(from: filling.pointer, count: qkv.outputs)
            var first = 0
            for window in windows {
                let area = grid[window]
                inner.attend(
                    projected, area: area, first: first, filling: count, biases: biases, into: mixed,
                    scratch: projected + (most + 1) * qkv.outputs)
                first += area.count
            }
            // q, k and v are no longer needed.
            output(mixed, rows: count, skip: UnsafePointer(raw), into: projected)
            var done = UnsafePointer(projected)
            for window in windows {
                let area = grid[window]
                for row in 0..<area.rows {
                    take(area.token + row * line, area.columns, done)
                    done += area.columns * width
                }
            }
        }
    }
}

extension TinyViTAttention {
    /// The heads of one window.
    private struct Inner {
        let window: Int
        let heads: Int
        let width: Int
        let headSize: Int
        let attention: StreamedAttention
        /// Queries that are answered at a time.
        let block: Int

        init(window: Int, heads: Int, width: Int) {
            (self.window, self.heads, self.width) = (window, heads, width)
            headSize = width / heads
            attention = StreamedAttention(keys: window * window, headSize: headSize, lineKeys: window * window)
            block = StreamedAttention.paddedQueries(min(window * window, StreamedAttention.blockQueries))
        }

        var scratch: Int {
            block * (headSize + attention.resultStride) + attention.packedSize + attention.scratch(queries: block)
        }

        /// - Parameters:
        ///   - projected: q, k and v of the group's tokens.
        ///   - first: where the window's tokens begin in it. `filling`: where a filling token is.
        ///   - mixed: `width` values a token, written for the window's tokens.
        @inline(__always)
        func attend(
            _ projected: UnsafePointer<Float>, area: WindowGrid.Area, first: Int, filling: Int, biases: AttentionBiases,
            into mixed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
        ) {
            let tokens = window * window, stride = 3 * width
            let queries = scratch, result = queries + block * headSize
            let packed = result + block * attention.resultStride, spare = packed + attention.packedSize
            withUnsafeTemporaryAllocation(of: Int.self, capacity: tokens) { places in
                for y in 0..<window {
                    for x in 0..<window {
                        let isReal = y < area.rows && x < area.columns
                        places.initializeElement(at: y * window + x, to: isReal ? first + y * area.columns + x : filling)
                    }
                }
                for head in 0..<heads {
                    let keys = projected + (3 * head + 1) * headSize
                    attention.pack(0..<tokens, into: packed) { keys + places[$0] * stride } value: {
                        keys + places[$0] * stride + headSize
                    }
                    for start in Swift.stride(from: 0, to: area.count, by: block) {
                        let count = min(block, area.count - start), padded = StreamedAttention.paddedQueries(count)
                        for query in 0..<count {
                            let source = projected + (first + start + query) * stride + 3 * head * headSize
                            (queries + query * headSize).update(from: source, count: headSize)
                        }
                        (queries + count * headSize).update(repeating: 0, count: (padded - count) * headSize)
                        attention(queries, rows: padded, packed: packed, scratch: spare, into: result) { query, _, scores in
                            // Queries that only fill a register tile get the last one's biases.
                            let real = start + min(query, count - 1), y = real / area.columns
                            biases.add(head: head, y: y, x: real - y * area.columns, to: scores)
                        }
                        for query in 0..<count {
                            let target = mixed + (first + start + query) * width + head * headSize
                            target.update(from: result + query * attention.resultStride, count: headSize)
                        }
                    }
                }
            }
        }
    }
}
