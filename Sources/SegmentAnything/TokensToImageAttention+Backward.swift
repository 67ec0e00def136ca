import Tensor

extension TokensToImageAttention {
    /// The way back through tokens ← tokens + W_o · attention(W_q a, W_k b, W_v c), a the queries, b the positioned image and c
    /// the image. The image is projected here, which the forward pass avoids: gradients of W_k and W_v need what they multiply.
    ///
    /// - Parameters:
    ///   - queries, image, positions: what the forward pass saw; b = image + positions.
    ///   - dTokens: of the result; it is also that of the tokens, which are only added.
    ///   - dQueries: `T × C`. `dImage`, `dPositioned`: `N × C`. All added to.
    func backward(
        queries: Tensor, image: Tensor, positions: Tensor, dTokens: Tensor, into dQueries: Tensor, _ dImage: Tensor,
        _ dPositioned: Tensor, on tape: Tape, in workspace: Workspace
    ) {
        let count = queries.rows, tokens = image.rows, inner = query.outputs
        let keys = tape.parameters.matrix(of: keyWeight), values = tape.parameters.matrix(of: valueWeight)
        workspace.scope {
            let q = workspace.tensor(count, inner), k = workspace.tensor(tokens, inner), v = workspace.tensor(tokens, inner)
            let positioned = workspace.tensor(tokens, image.columns)
            add(image.pointer, positions.pointer, into: positioned.pointer, count: image.count)
            query(queries, into: q)
            project(positioned, by: keyWeight, bias: nil, into: k, in: workspace)
            project(image, by: valueWeight, bias: valueBias, into: v, in: workspace)
            let mixed = workspace.tensor(count, inner), dMixed = workspace.tensor(count, inner)
            attention(q, k, v, heads: heads, into: mixed, in: workspace)
            dMixed.fill(0)
            output.backward(mixed, dy: dTokens, into: dMixed, on: tape, in: workspace)
            let dq = workspace.tensor(count, inner), dk = workspace.tensor(tokens, inner), dv = workspace.tensor(tokens, inner)
            attentionBackward(q, k, v, dy: dMixed, heads: heads, into: dq, dk, dv, in: workspace)
            query.backward(queries, dy: dq, into: dQueries, on: tape, in: workspace)
            keys.backward(positioned, dy: dk, into: dPositioned, in: workspace)
            values.backward(image, dy: dv, into: dImage, in: workspace)
        }
    }
}

/// y ← x · Wᵀ + b on all cores; x is `rows × in`, W `out × in`.
func project(_ x: Tensor, by weight: Tensor, bias: Tensor?, into y: Tensor, in workspace: Workspace) {
    workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
        let tile = y.pointer + rows.lowerBound * y.columns
        product(
            m: rows.count, n: y.columns, k: x.columns, x.pointer + rows.lowerBound * x.columns, x.columns, weight.pointer, x.columns,
            transposeB: true, into: tile, y.columns)
        finish(tile, rows: rows.count, columns: y.columns, stride: y.columns, bias: bias?.pointer, activation: .none)
    }
}
