import Tensor

extension TwoWayBlock {
    /// The way back through self-attention.
    ///
    /// - Parameters:
    ///   - tokens, positions: what the forward pass saw, `T × C`.
    ///   - dTokens: of the result, replaced by that of the tokens.
    ///   - dPositions: added to.
    func attendToSelfBackward(
        _ tokens: Tensor, positions: Tensor, dTokens: Tensor, into dPositions: Tensor, on tape: Tape, in workspace: Workspace
    ) {
        let rows = tokens.rows, dim = tokens.columns
        func space() -> Tensor { workspace.tensor(rows, dim) }
        workspace.scope {
            let queries = space(), q = space(), k = space(), v = space(), mixed = space()
            project(tokens, positions: positions, queries: queries, q, k, v)
            attention(q, k, v, heads: heads, into: mixed, in: workspace)
            let dMixed = space(), dq = space(), dk = space(), dv = space(), dQueries = space()
            dMixed.fill(0)
            dQueries.fill(0)
            selfOutput.backward(mixed, dy: dTokens, into: dMixed, on: tape, in: workspace)
            attentionBackward(q, k, v, dy: dMixed, heads: heads, into: dq, dk, dv, in: workspace)
            if isFirst { dTokens.fill(0) }
            selfQuery.backward(queries, dy: dq, into: dQueries, on: tape, in: workspace)
            selfKey.backward(queries, dy: dk, into: dQueries, on: tape, in: workspace)
            selfValue.backward(tokens, dy: dv, into: dTokens, on: tape, in: workspace)
            add(dTokens.pointer, dQueries.pointer, into: dTokens.pointer, count: dTokens.count)
            if !isFirst { add(dPositions.pointer, dQueries.pointer, into: dPositions.pointer, count: dPositions.count) }
        }
    }

    /// The way back through tokens ← tokens + mlp(tokens); dTokens is replaced.
    func feedForwardBackward(_ tokens: Tensor, dTokens: Tensor, on tape: Tape, in workspace: Workspace) {
        workspace.scope {
            let sums = workspace.tensor(tokens.rows, widen.outputs), hidden = workspace.tensor(tokens.rows, widen.outputs)
            let dHidden = workspace.tensor(tokens.rows, widen.outputs)
            widen(tokens, into: sums)
            widen(tokens, activation: .relu, into: hidden)
            dHidden.fill(0)
            narrow.backward(hidden, dy: dTokens, into: dHidden, on: tape, in: workspace)
            activationBackward(.relu, sums.pointer, dy: dHidden.pointer, count: sums.count)
            widen.backward(tokens, dy: dHidden, into: dTokens, on: tape, in: workspace)
        }
    }
}
