import Tensor

/// image ← norm(image + attention of the many image tokens N to a few tokens T), the other direction of
/// ``TokensToImageAttention`` and by the same rearrangement: the T tokens' keys are carried through W_q and their values
/// through W_o, so that the image takes part in two products of T·H columns only.
struct ImageToTokensAttention: Sendable {
    let heads: Int
    let queryWeight: Tensor
    let queryBias: Tensor
    let key: Linear
    let value: Linear
    let outputWeight: Tensor
    let outputBias: Tensor

    private static let tileRows = 128

    init(_ checkpoint: Checkpoint, _ prefix: String, dim: Int, heads: Int, inner: Int) throws(CheckpointError) {
        self.heads = heads
        queryWeight = try checkpoint.tensor(prefix + "q_proj.weight", inner, dim)
        queryBias = try checkpoint.tensor(prefix + "q_proj.bias", inner)
        key = try checkpoint.linear(prefix + "k_proj", in: dim, out: inner)
        value = try checkpoint.linear(prefix + "v_proj", in: dim, out: inner)
        outputWeight = try checkpoint.tensor(prefix + "out_proj.weight", dim, inner)
        outputBias = try checkpoint.tensor(prefix + "out_proj.bias", dim)
        checkpoint.bind(queryWeight, bias: queryBias)
        checkpoint.bind(outputWeight, bias: outputBias)
    }

    private var inner: Int { key.outputs }
    private var headSize: Int { inner / heads }
    private var scale: Float { 1 / Float(headSize).squareRoot() }

    /// - Parameters:
    ///   - image: `N × C`, replaced.
    ///   - positioned: image tokens with positions, the queries: `N × C`; `imagePositions` are the positions.
    ///   - keys: tokens with their positions, `T × C`; `tokens` are the values.
    func callAsFunction(
        _ image: Tensor, positioned: Tensor, imagePositions: Tensor, keys: Tensor, tokens: Tensor, norm: LayerNorm,
        in workspace: Workspace
    ) {
        if let tape = workspace.tape {
            let seen = (image: tape.keep(image), keys: tape.keep(keys), tokens: tape.keep(tokens))
            let dImage = tape.gradient(of: image), dPositioned = tape.gradient(of: positioned)
            let dKeys = tape.gradient(of: keys), dTokens = tape.gradient(of: tokens)
            tape.record {
                backward(
                    image: seen.image, positions: imagePositions, keys: seen.keys, tokens: seen.tokens, norm: norm, dImage: dImage,
                    into: dPositioned, dKeys, dTokens, on: tape, in: $0)
            }
        }
        let count = tokens.rows, dim = tokens.columns, folded = count * heads, inner = self.inner, headSize = self.headSize
        let tileRows = Self.tileRows
        workspace.scope {
            let projectedKeys = workspace.tensor(count, inner), projectedValues = workspace.tensor(count, inner)
            key(keys, into: projectedKeys)
            value(tokens, into: projectedValues)
            let carriedKeys = workspace.tensor(folded, dim), carriedValues = workspace.tensor(folded, dim)
            let offsets = workspace.tensor(1, folded)
            for head in 0..<heads {
                let part = head * headSize
                product(
                    m: count, n: dim, k: headSize, projectedKeys.pointer + part, inner,
                    queryWeight.pointer + part * dim, dim, into: carriedKeys.pointer + head * count * dim, dim,
                    alpha: scale)
                product(
                    m: count, n: dim, k: headSize, projectedValues.pointer + part, inner,
                    outputWeight.pointer + part, inner, transposeB: true,
                    into: carriedValues.pointer + head * count * dim, dim)
                for token in 0..<count {
                    offsets.pointer[head * count + token] = scale * dot(
                        queryBias.pointer + part, projectedKeys.pointer + token * inner + part, count: headSize)
                }
            }
            workspace.parallelRows(image.rows, tile: tileRows, scratch: tileRows * (folded + dim)) { rows, scores in
                let width = rows.count, mixed = scores + folded * tileRows
                product(
                    m: folded, n: width, k: dim, carriedKeys.pointer, dim, positioned.pointer + rows.lowerBound * dim,
                    dim, transposeB: true, into: scores, width)
                for head in 0..<heads {
                    softmaxColumns(
                        scores + head * count * width, rows: count, columns: width, offsets: offsets.pointer + head * count)
                }
                product(
                    m: width, n: dim, k: folded, scores, width, transposeA: true, carriedValues.pointer, dim,
                    into: mixed, dim)
                let tile = image.pointer + rows.lowerBound * dim
                finish(mixed, rows: width, columns: dim, stride: dim, bias: outputBias.pointer, activation: .none)
                add(tile, mixed, into: tile, count: width * dim)
                norm(tile, rows: width)
            }
        }
    }
}
