import Tensor

/// tokens ← tokens + attention of a few tokens T to the many keys N of the image.
///
/// The image side is never projected. With H heads of d channels, a score is
///     (W_q a)_h · (W_k b)_h = (W_kᵀ_h (W_q a)_h) · b,
/// so the T·H projected queries are carried back into the embedding's space (C channels) and multiplied with the image
/// there: N·C·T·H products instead of N·C·(H·d) and more, which is less as long as T < d. Likewise Σ p (W_v b) = W_v Σ p b.
/// A constant b_k adds the same to all scores of a query and falls out of the softmax.
struct TokensToImageAttention: Sendable {
    let heads: Int
    let query: Linear
    let keyWeight: Tensor
    let valueWeight: Tensor
    let valueBias: Tensor
    let output: Linear

    /// Keys of one tile; a tile's softmax is merged with the others' afterwards.
    private static let tileRows = 128

    init(_ checkpoint: Checkpoint, _ prefix: String, dim: Int, heads: Int, inner: Int) throws(CheckpointError) {
        self.heads = heads
        query = try checkpoint.linear(prefix + "q_proj", in: dim, out: inner)
        keyWeight = try checkpoint.tensor(prefix + "k_proj.weight", inner, dim)
        // Read so that a file without it, or with another size, is refused; see above why it is not kept.
        _ = try checkpoint.tensor(prefix + "k_proj.bias", inner)
        valueWeight = try checkpoint.tensor(prefix + "v_proj.weight", inner, dim)
        valueBias = try checkpoint.tensor(prefix + "v_proj.bias", inner)
        output = try checkpoint.linear(prefix + "out_proj", in: inner, out: dim)
        checkpoint.bind(valueWeight, bias: valueBias)
    }

    private var inner: Int { query.outputs }
    private var headSize: Int { inner / heads }
    private var scale: Float { 1 / Float(headSize).squareRoot() }

    /// - Parameters:
    ///   - queries: tokens with their positions, `T × C`.
    ///   - image: keys without positions (the values), `N × C`.
    ///   - positioned: keys with positions, `N × C`; `imagePositions` are the positions.
    func callAsFunction(
        _ tokens: Tensor, queries: Tensor, image: Tensor, positioned: Tensor, imagePositions: Tensor, in workspace: Workspace
    ) {
        if let tape = workspace.tape {
            let seen = (queries: tape.keep(queries), image: tape.keep(image)), dTokens = tape.gradient(of: tokens)
            let dQueries = tape.gradient(of: queries), dImage = tape.gradient(of: image), dPositioned = tape.gradient(of: positioned)
            tape.record {
                backward(
                    queries: seen.queries, image: seen.image, positions: imagePositions, dTokens: dTokens, into: dQueries, dImage,
                    dPositioned, on: tape, in: $0)
            }
        }
        let count = tokens.rows, dim = tokens.columns, folded = count * heads, inner = self.inner, headSize = self.headSize
        let tileRows = Self.tileRows, tiles = (image.rows + tileRows - 1) / tileRows
        workspace.scope {
            let projected = workspace.tensor(count, inner), carried = workspace.tensor(folded, dim)
            query(queries, into: projected)
            for head in 0..<heads {
                product(
                    m: count, n: dim, k: headSize, projected.pointer + head * headSize, inner,
                    keyWeight.pointer + head * headSize * dim, dim, into: carried.pointer + head * count * dim, dim,
                    alpha: scale)
            }
            // Of each tile: Σ e^(s−m) · value, m and Σ e^(s−m) for each folded query.
            let partial = workspace.tensor(tiles * folded, dim), peaks = workspace.tensor(tiles, folded)
            let sums = workspace.tensor(tiles, folded)
            workspace.parallelRows(image.rows, tile: tileRows, scratch: folded * tileRows) { rows, scores in
                let tile = rows.lowerBound / tileRows, width = rows.count
                product(
                    m: folded, n: width, k: dim, carried.pointer, dim, positioned.pointer + rows.lowerBound * dim, dim,
                    transposeB: true, into: scores, width)
                for row in 0..<folded {
                    let (peak, sum) = exponentiateRow(scores + row * width, count: width)
                    peaks.pointer[tile * folded + row] = peak
                    sums.pointer[tile * folded + row] = sum
                }
                product(
                    m: folded, n: dim, k: width, scores, width, image.pointer + rows.lowerBound * dim, dim,
                    into: partial.pointer + tile * folded * dim, dim)
            }
            merge(partial, peaks: peaks, sums: sums, tiles: tiles)
            let mixed = workspace.tensor(count, inner), result = workspace.tensor(count, dim)
            for head in 0..<heads {
                product(
                    m: count, n: headSize, k: dim, partial.pointer + head * count * dim, dim,
                    valueWeight.pointer + head * headSize * dim, dim, transposeB: true,
                    into: mixed.pointer + head * headSize, inner)
            }
            finish(mixed.pointer, rows: count, columns: inner, stride: inner, bias: valueBias.pointer, activation: .none)
            output(mixed, into: result)
            add(tokens.pointer, result.pointer, into: tokens.pointer, count: tokens.count)
        }
    }

    /// Combines the tiles' sums into the first tile's rows, in tile order.
    private func merge(_ partial: Tensor, peaks: Tensor, sums: Tensor, tiles: Int) {
        let folded = peaks.columns, dim = partial.columns
        for row in 0..<folded {
            var peak = -Float.infinity
            for tile in 0..<tiles { peak = max(peak, peaks.pointer[tile * folded + row]) }
            var total: Float = 0
            let target = partial.pointer + row * dim
            for tile in 0..<tiles {
                let factor = exponential(Float8(repeating: peaks.pointer[tile * folded + row] - peak))[0]
                total += factor * sums.pointer[tile * folded + row]
                if tile == 0 {
                    multiply(target, by: factor, count: dim)
                } else {
                    addScaled(partial.pointer + (tile * folded + row) * dim, factor, to: target, count: dim)
                }
            }
            multiply(target, by: 1 / total, count: dim)
        }
    }
}
