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
        workspace.copy(tokens, into: tokenPositions)
        var image = image, spare = workspace.tensor(image.rows, dim)
        let positioned = workspace.tensor(image.rows, dim)
        for (index, block) in blocks.enumerated() {
            workspace.sum(image, positions, into: positioned)
            block(
                tokens: tokens, positions: tokenPositions, queries: queries, image: image, positioned: positioned,
                imagePositions: positions, in: workspace)
            if adapter(index, image, spare) { swap(&image, &spare) }
        }
        workspace.sum(image, positions, into: positioned)
        workspace.sum(tokens, tokenPositions, into: queries)
        finalAttention(tokens, queries: queries, image: image, positioned: positioned, imagePositions: positions, in: workspace)
        finalNorm(tokens, in: workspace)
        return image
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
        tokens: Tensor, positions: Tensor, queries: Tensor, image: Tensor, positioned: Tensor, imagePositions: Tensor,
        in workspace: Workspace
    ) {
        attendToSelf(tokens, positions: positions, in: workspace)
        norm1(tokens, in: workspace)

        workspace.sum(tokens, positions, into: queries)
        tokensToImage(
            tokens, queries: queries, image: image, positioned: positioned, imagePositions: imagePositions, in: workspace)
        norm2(tokens, in: workspace)

        feedForward(tokens, in: workspace)
        norm3(tokens, in: workspace)

        workspace.sum(tokens, positions, into: queries)
        imageToTokens(
            image, positioned: positioned, imagePositions: imagePositions, keys: queries, tokens: tokens, norm: norm4,
            in: workspace)
    }

    /// tokens ← tokens + attention(tokens + positions, tokens + positions, tokens); in the first block the positions are the
    /// tokens themselves, and the attention replaces them.
    private func attendToSelf(_ tokens: Tensor, positions: Tensor, in workspace: Workspace) {
        let before = workspace.tape?.keep(tokens)
        workspace.scope {
            let queries = workspace.tensor(tokens.rows, tokens.columns), v = workspace.tensor(tokens.rows, tokens.columns)
            let q = workspace.tensor(tokens.rows, tokens.columns), k = workspace.tensor(tokens.rows, tokens.columns)
            let mixed = workspace.tensor(tokens.rows, tokens.columns)
            project(tokens, positions: positions, queries: queries, q, k, v)
            attention(q, k, v, heads: heads, into: mixed, in: workspace)
            selfOutput(mixed, into: q)
            if isFirst {
                tokens.copy(from: q)
            } else {
                add(tokens.pointer, q.pointer, into: tokens.pointer, count: tokens.count)
            }
        }
        guard let tape = workspace.tape, let before else { return }
        let dTokens = tape.gradient(of: tokens), dPositions = tape.gradient(of: positions), seen = tape.keep(positions)
        tape.record { attendToSelfBackward(before, positions: seen, dTokens: dTokens, into: dPositions, on: tape, in: $0) }
    }

    /// What self-attention multiplies, from tokens and positions.
    func project(_ tokens: Tensor, positions: Tensor, queries: Tensor, _ q: Tensor, _ k: Tensor, _ v: Tensor) {
        if isFirst {
            queries.copy(from: tokens)
        } else {
            add(tokens.pointer, positions.pointer, into: queries.pointer, count: tokens.count)
        }
        selfQuery(queries, into: q)
        selfKey(queries, into: k)
        selfValue(tokens, into: v)
    }

    /// tokens ← tokens + mlp(tokens)
    private func feedForward(_ tokens: Tensor, in workspace: Workspace) {
        let before = workspace.tape?.keep(tokens)
        workspace.scope {
            let hidden = workspace.tensor(tokens.rows, widen.outputs), result = workspace.tensor(tokens.rows, tokens.columns)
            widen(tokens, activation: .relu, into: hidden)
            narrow(hidden, into: result)
            add(tokens.pointer, result.pointer, into: tokens.pointer, count: tokens.count)
        }
        guard let tape = workspace.tape, let before else { return }
        let dTokens = tape.gradient(of: tokens)
        tape.record { feedForwardBackward(before, dTokens: dTokens, on: tape, in: $0) }
    }
}
