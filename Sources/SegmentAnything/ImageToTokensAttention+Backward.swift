import Tensor

extension ImageToTokensAttention {
    /// The way back through image ← norm(image + W_o · attention(W_q a, W_k b, W_v c)), a the positioned image, b the keys
    /// (tokens with positions) and c the tokens.
    ///
    /// - Parameters:
    ///   - image, positions, keys, tokens: what the forward pass saw; a = image + positions.
    ///   - dImage: of the result, replaced by that of the image.
    ///   - dPositioned, dKeys, dTokens: added to.
    func backward(
        image: Tensor, positions: Tensor, keys: Tensor, tokens: Tensor, norm: LayerNorm, dImage: Tensor,
        into dPositioned: Tensor, _ dKeys: Tensor, _ dTokens: Tensor, on tape: Tape, in workspace: Workspace
    ) {
        let count = tokens.rows, rows = image.rows, inner = key.outputs
        workspace.scope {
            let positioned = workspace.tensor(rows, image.columns), sum = workspace.tensor(rows, image.columns)
            add(image.pointer, positions.pointer, into: positioned.pointer, count: image.count)
            let q = workspace.tensor(rows, inner), mixed = workspace.tensor(rows, inner)
            let k = workspace.tensor(count, inner), v = workspace.tensor(count, inner)
            project(positioned, by: queryWeight, bias: queryBias, into: q, in: workspace)
            key(keys, into: k)
            value(tokens, into: v)
            attention(q, k, v, heads: heads, into: mixed, in: workspace)
            project(mixed, by: outputWeight, bias: outputBias, into: sum, in: workspace)
            add(sum.pointer, image.pointer, into: sum.pointer, count: sum.count)
            norm.backward(sum, dy: dImage, on: tape, in: workspace)

            let dMixed = workspace.tensor(rows, inner), dq = workspace.tensor(rows, inner)
            let dk = workspace.tensor(count, inner), dv = workspace.tensor(count, inner)
            dMixed.fill(0)
            tape.parameters.matrix(of: outputWeight).backward(mixed, dy: dImage, into: dMixed, in: workspace)
            attentionBackward(q, k, v, dy: dMixed, heads: heads, into: dq, dk, dv, in: workspace)
            tape.parameters.matrix(of: queryWeight).backward(positioned, dy: dq, into: dPositioned, in: workspace)
            key.backward(keys, dy: dk, into: dKeys, on: tape, in: workspace)
            value.backward(tokens, dy: dv, into: dTokens, on: tape, in: workspace)
        }
    }
}
