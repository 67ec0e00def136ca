import Tensor

/// SAM's two-way transformer: tokens and image attend to each other.
public struct TwoWayTransformer: Sendable {
    let blocks: [TwoWayBlock]
    let finalAttention: TokensToImageAttention
    let finalNorm: LayerNorm

    /// Called at the end of each block with its index and the image tokens (`N × C`): adapts them, writing to the
    /// second tensor, and returns true, or returns false and leaves them as they are. SPT's adapter sits here.
    public typealias Adapter = (_ block: Int, _ image: Tensor, _ adapted: Tensor) -> Bool

    init(_ checkpoint: Checkpoint, _ prefix: String) throws(CheckpointError) {
        let configuration = checkpoint.configuration
        let dim = configuration.transformerDim, heads = configuration.decoderHeads
        var blocks: [TwoWayBlock] = []
        for index in 0..<configuration.decoderDepth {
            blocks.append(try TwoWayBlock(checkpoint, prefix + "layers.\(index).", isFirst: index == 0))
        }
        self.blocks = blocks
        finalAttention = try TokensToImageAttention(
            checkpoint, prefix + "final_attn_token_to_image.", dim: dim, heads: heads, inner: dim / 2)
        finalNorm = try checkpoint.norm(prefix + "norm_final_attn", dim, epsilon: 1e-5)
    }

    /// - Parameters:
    ///   - tokens: `T × C`, replaced by the result.
    ///   - image: `N × C`: image embedding plus dense prompt; overwritten.
    ///   - positions: `N × C`, the position embedding of the image.
    /// - Returns: the image tokens after the last block: `image` or memory of the workspace's present scope.
    func callAsFunction(
        tokens: Tensor, image: Tensor, positions: Tensor, adapter: Adapter, in workspace: Workspace
    ) -> Tensor {
        let dim = tokens.columns
        let tokenPositions = workspace.tensor(tokens.rows, dim), queries = workspace.tensor(tokens.rows, dim)
        tokenPositions.copy(from: tokens)
        var image = image, spare = workspace.tensor(image.rows, dim)
        let positioned = workspace.tensor(image.rows, dim)
        for (index, block) in blocks.enumerated() {
            place(image, at: positions, into: positioned, in: workspace)
            block(
                tokens: tokens, positions: tokenPositions, queries: queries, image: image, positioned: positioned,
                in: workspace)
            if adapter(index, image, spare) { swap(&image, &spare) }
        }
        place(image, at: positions, into: positioned, in: workspace)
        add(tokens.pointer, tokenPositions.pointer, into: queries.pointer, count: tokens.count)
        finalAttention(tokens, queries: queries, image: image, positioned: positioned, in: workspace)
        finalNorm(tokens.pointer, rows: tokens.rows)
        return image
    }

    private func place(_ image: Tensor, at positions: Tensor, into positioned: Tensor, in workspace: Workspace) {
        workspace.parallelRows(image.rows, tile: productTileRows) { rows, _ in
            let start = rows.lowerBound * image.columns
            add(
                image.pointer + start, positions.pointer + start, into: positioned.pointer + start,
                count: rows.count * image.columns)
        }
    }
}

/// One block: self-attention of the tokens, tokens to image, a small MLP, image to tokens. LayerNorm ε is 1e-5.
struct TwoWayBlock: Sendable {
    /// The first block's tokens are their own positions, and replace their input instead of adding to it.
    let isFirst: Bool
    let selfQuery: Linear
    let selfKey: Linear
    let selfValue: Linear
    let selfOutput: Linear
    let heads: Int
    let norm1: LayerNorm
    let tokensToImage: TokensToImageAttention
    let norm2: LayerNorm
    let widen: Linear
    let narrow: Linear
    let norm3: LayerNorm
    let imageToTokens: ImageToTokensAttention
    let norm4: LayerNorm

    init(_ checkpoint: Checkpoint, _ prefix: String, isFirst: Bool) throws(CheckpointError) {
        let configuration = checkpoint.configuration, dim = configuration.transformerDim
        heads = configuration.decoderHeads
        self.isFirst = isFirst
        selfQuery = try checkpoint.linear(prefix + "self_attn.q_proj", in: dim, out: dim)
        selfKey = try checkpoint.linear(prefix + "self_attn.k_proj", in: dim, out: dim)
        selfValue = try checkpoint.linear(prefix + "self_attn.v_proj", in: dim, out: dim)
        selfOutput = try checkpoint.linear(prefix + "self_attn.out_proj", in: dim, out: dim)
        norm1 = try checkpoint.norm(prefix + "norm1", dim, epsilon: 1e-5)
        tokensToImage = try TokensToImageAttention(
            checkpoint, prefix + "cross_attn_token_to_image.", dim: dim, heads: heads, inner: dim / 2)
        norm2 = try checkpoint.norm(prefix + "norm2", dim, epsilon: 1e-5)
        widen = try checkpoint.linear(prefix + "mlp.lin1", in: dim, out: configuration.decoderMlpDim)
        narrow = try checkpoint.linear(prefix + "mlp.lin2", in: configuration.decoderMlpDim, out: dim)
        norm3 = try checkpoint.norm(prefix + "norm3", dim, epsilon: 1e-5)
        imageToTokens = try ImageToTokensAttention(
            checkpoint, prefix + "cross_attn_image_to_token.", dim: dim, heads: heads, inner: dim / 2)
        norm4 = try checkpoint.norm(prefix + "norm4", dim, epsilon: 1e-5)
    }

    /// - Parameter queries: scratch of the tokens' shape.
    func callAsFunction(
        tokens: Tensor, positions: Tensor, queries: Tensor, image: Tensor, positioned: Tensor, in workspace: Workspace
    ) {
        workspace.scope {
            let q = workspace.tensor(tokens.rows, tokens.columns), k = workspace.tensor(tokens.rows, tokens.columns)
            let v = workspace.tensor(tokens.rows, tokens.columns), mixed = workspace.tensor(tokens.rows, tokens.columns)
            if isFirst {
                queries.copy(from: tokens)
            } else {
                add(tokens.pointer, positions.pointer, into: queries.pointer, count: tokens.count)
            }
            selfQuery(queries, into: q)
            selfKey(queries, into: k)
            selfValue(tokens, into: v)
            attention(q, k, v, heads: heads, into: mixed, in: workspace)
            selfOutput(mixed, into: q)
            if isFirst {
                tokens.copy(from: q)
            } else {
                add(tokens.pointer, q.pointer, into: tokens.pointer, count: tokens.count)
            }
            norm1(tokens.pointer, rows: tokens.rows)

            add(tokens.pointer, positions.pointer, into: queries.pointer, count: tokens.count)
            tokensToImage(tokens, queries: queries, image: image, positioned: positioned, in: workspace)
            norm2(tokens.pointer, rows: tokens.rows)

            let hidden = workspace.tensor(tokens.rows, widen.outputs)
            widen(tokens, activation: .relu, into: hidden)
            narrow(hidden, into: q)
            add(tokens.pointer, q.pointer, into: tokens.pointer, count: tokens.count)
            norm3(tokens.pointer, rows: tokens.rows)

            add(tokens.pointer, positions.pointer, into: queries.pointer, count: tokens.count)
            imageToTokens(
                image, positioned: positioned, keys: queries, tokens: tokens, norm: norm4, in: workspace)
        }
    }
}
