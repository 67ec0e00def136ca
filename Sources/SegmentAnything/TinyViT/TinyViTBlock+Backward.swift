import Tensor

extension TinyViTBlock {
    /// Writes down the way back through the block, in place on x's gradient; x (`side² × width`) is its input, before anything was
    /// added to it, and all that is kept.
    func record(_ x: Tensor, on tape: Tape) {
        let parameters = tape.parameters, wantsInput = tape.hasSteps
        guard wantsInput || attention.isTrained(by: parameters) || filter.isTrained(by: parameters)
            || parameters.areTrained(widen, narrow) || parameters.areTrained(norm)
        else { return }
        let kept = tape.keep(x)
        tape.record { workspace in
            let dy = tape.gradient(of: x)
            backward(kept, dy: dy, wantsInput: wantsInput, on: tape, in: workspace)
            if !wantsInput { dy.fill(0) }
        }
    }

    private func backward(_ x: Tensor, dy: Tensor, wantsInput: Bool, on tape: Tape, in workspace: Workspace) {
        let width = x.columns, line = side * width, filtered = workspace.tensor(x.rows, width)
        let padded = picture(width, in: workspace), slopes = picture(width, in: workspace)
        attention(x, in: workspace) { token, count, sum in
            (padded.row(token / side) + token % side * width).update(from: sum, count: count * width)
        }
        workspace.parallelRows(side, tile: 1) { rows, _ in
            for row in rows {
                padded.withWindow(top: row - filter.padding, kernel: filter.kernel, height: side) {
                    filter.row($0, width: side, into: filtered.pointer + row * line)
                }
            }
        }
        FeedForwardGradient(norm: norm, widen: widen, narrow: narrow)(filtered, dy: dy, on: tape, in: workspace)
        for row in 0..<side { slopes.row(row).update(from: dy.pointer + row * line, count: line) }
        filter.accumulate(padded, height: side, width: side, dy: slopes, on: tape, in: workspace)
        workspace.parallelRows(side, tile: 1) { rows, _ in
            for row in rows {
                filter.inputGradient(row: row, width: side, dy: slopes, outHeight: side, into: dy.pointer + row * line)
            }
        }
        attention.backward(x, dy: dy, wantsInput: wantsInput, on: tape, in: workspace)
    }
}
