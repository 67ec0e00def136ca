import Tensor

extension TinyViTStem {
    /// Writes down the way back from y (`(size/4)² × width`) to both convolutions. Nothing lies in front of them but the picture.
    func record(_ input: Tensor, size: Int, _ y: Tensor, on tape: Tape) {
        guard tape.hasSteps || tape.parameters.areTrained(first.linear, second.linear) else { return }
        let kept = tape.keep(input)
        tape.record { workspace in
            let dy = tape.gradient(of: y), middle = first.outputSize(size)
            let raw = workspace.tensor(middle * middle, first.outputs), active = workspace.tensor(middle * middle, first.outputs)
            let slope = workspace.tensor(middle * middle, first.outputs)
            first(kept, height: size, width: size, into: raw, in: workspace)
            slope.fill(0)
            workspace.parallelRows(raw.rows, tile: productTileRows) { rows, _ in
                active.rows(rows).copy(from: raw.rows(rows))
                finish(
                    active.rows(rows).pointer, rows: rows.count, columns: raw.columns, stride: raw.columns, bias: nil, activation: .gelu)
            }
            second.backward(active, height: middle, width: middle, dy: dy, into: slope, on: tape, in: workspace)
            dy.fill(0)
            workspace.parallelRows(raw.rows, tile: productTileRows) { rows, _ in
                activationBackward(.gelu, raw.rows(rows).pointer, dy: slope.rows(rows).pointer, count: rows.count * raw.columns)
            }
            first.backward(kept, height: size, width: size, dy: slope, into: nil, on: tape, in: workspace)
        }
    }
}
