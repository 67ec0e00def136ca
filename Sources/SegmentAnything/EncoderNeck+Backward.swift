import Tensor

extension EncoderNeck {
    /// Writes down the way back from the embedding (`side² × transformerDim`) to x (`side² × inputs`), of which a copy is kept;
    /// what lies between is made anew.
    func record(_ x: Tensor, side: Int, _ embedding: Tensor, on tape: Tape) {
        let parameters = tape.parameters, wantsInput = tape.hasSteps
        guard wantsInput || parameters.areTrained(pointwise, convolution.linear) || parameters.areTrained(norm1, norm2) else { return }
        let kept = tape.keep(x)
        tape.record { workspace in
            backward(
                kept, side: side, dy: tape.gradient(of: embedding), into: wantsInput ? tape.gradient(of: x) : nil, on: tape,
                in: workspace)
        }
    }

    /// - Parameters:
    ///   - dy: the embedding's gradient, zero afterwards.
    ///   - dx: added to; nil where nobody asks.
    private func backward(_ x: Tensor, side: Int, dy: Tensor, into dx: Tensor?, on tape: Tape, in workspace: Workspace) {
        let raw = workspace.tensor(x.rows, dy.columns), narrow = workspace.tensor(x.rows, dy.columns)
        pointwise(x, into: raw, in: workspace)
        workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
            let tile = narrow.rows(rows)
            tile.copy(from: raw.rows(rows))
            norm1(tile.pointer, rows: rows.count)
        }
        let mixed = workspace.tensor(dy.rows, dy.columns)
        convolution(narrow, height: side, width: side, into: mixed, in: workspace)
        norm2.backward(mixed, dy: dy, on: tape, in: workspace)
        let slope = workspace.tensor(x.rows, dy.columns)
        slope.fill(0)
        convolution.backward(narrow, height: side, width: side, dy: dy, into: slope, on: tape, in: workspace)
        dy.fill(0)
        norm1.backward(raw, dy: slope, on: tape, in: workspace)
        pointwise.backward(x, dy: slope, into: dx, on: tape, in: workspace)
    }
}
