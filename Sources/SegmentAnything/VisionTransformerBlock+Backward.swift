import Tensor

extension VisionTransformerBlock {
    /// Writes down the way back through the block, in place on x's gradient.
    ///
    /// - Parameters:
    ///   - x: the block's input, before anything was added to it. `mixed`: what its heads gathered. Both `grid² × width`, and the
    ///     only things of the block that are kept: all else is made anew, except that attention would cost as much as the
    ///     rest of it together.
    func record(_ x: Tensor, _ mixed: Tensor, on tape: Tape) {
        let wantsInput = tape.hasSteps
        guard wantsInput || isTrained(tape.parameters) else { return }
        let kept = tape.keep(x), gathered = tape.keep(mixed)
        tape.record { workspace in
            let dy = tape.gradient(of: x)
            feedForwardBackward(kept, gathered, dy: dy, on: tape, in: workspace)
            attentionBackward(kept, gathered, dy: dy, wantsInput: wantsInput, on: tape, in: workspace)
            if !wantsInput { dy.fill(0) }
        }
    }

    private func isTrained(_ parameters: ParameterSet) -> Bool {
        parameters.areTrained(qkv, output, widen, narrow) || parameters.areTrained(norm1, norm2)
            || parameters.areTrained(relativePositions.verticalTable, relativePositions.horizontalTable)
    }

    /// Through z + narrow(gelu(widen(norm2(z)))), z = x + output(mixed).
    private func feedForwardBackward(_ x: Tensor, _ mixed: Tensor, dy: Tensor, on tape: Tape, in workspace: Workspace) {
        workspace.scope {
            let z = workspace.tensor(x.rows, x.columns)
            workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
                output(mixed.rows(rows).pointer, rows: rows.count, into: z.rows(rows).pointer)
                add(z.rows(rows).pointer, x.rows(rows).pointer, into: z.rows(rows).pointer, count: rows.count * x.columns)
            }
            FeedForwardGradient(norm: norm2, widen: widen, narrow: narrow)(z, dy: dy, on: tape, in: workspace)
        }
    }

    /// Through x + output(attention(qkv(norm1(x)))).
    private func attentionBackward(
        _ x: Tensor, _ mixed: Tensor, dy: Tensor, wantsInput: Bool, on tape: Tape, in workspace: Workspace
    ) {
        let width = x.columns
        workspace.scope {
            let normalised = workspace.tensor(x.rows, width), projected = workspace.tensor(x.rows, 3 * width)
            workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
                normalised.rows(rows).copy(from: x.rows(rows))
                norm1(normalised.rows(rows).pointer, rows: rows.count)
                qkv(normalised.rows(rows).pointer, rows: rows.count, into: projected.rows(rows).pointer)
            }
            let slope = workspace.tensor(x.rows, width), slopes = workspace.tensor(x.rows, 3 * width)
            slope.fill(0)
            output.backward(mixed, dy: dy, into: slope, on: tape, in: workspace)
            attendBackward(projected, dy: slope, into: slopes, on: tape, in: workspace)
            let wantsSlope = wantsInput || tape.parameters.areTrained(norm1)
            slope.fill(0)
            qkv.backward(normalised, dy: slopes, into: wantsSlope ? slope : nil, on: tape, in: workspace)
            guard wantsSlope else { return }
            norm1.backward(x, dy: slope, on: tape, in: workspace)
            add(dy.pointer, slope.pointer, into: dy.pointer, count: dy.count)
        }
    }
}
