import Tensor

extension LiteEncoder {
    /// Writes down the way back from y = norm1(lateral8(t8) + lateral16(t16) + ↑2 lateral32(t32)) to the three taps.
    func recordFusion(_ t8: Tensor, _ t16: Tensor, _ t32: Tensor, _ y: Tensor, on tape: Tape) {
        let wantsInput = tape.hasSteps, parameters = tape.parameters
        guard wantsInput || parameters.areTrained(lateral8.linear, lateral16, lateral32) || parameters.areTrained(norm1) else { return }
        let (k8, k16, k32) = (tape.keep(t8), tape.keep(t16), tape.keep(t32))
        tape.record { workspace in
            let grid = size / 16, dy = tape.gradient(of: y), width = dy.columns
            let sum = workspace.tensor(dy.rows, width), coarse = workspace.tensor(dy.rows / 4, width)
            pyramid(k8, k16, k32, into: sum, in: workspace) { _, _ in }
            norm1.backward(sum, dy: dy, on: tape, in: workspace)
            coarse.fill(0)
            for row in 0..<dy.rows {
                let parent = coarse.pointer + (row / grid / 2 * (grid / 2) + row % grid / 2) * width
                add(parent, dy.pointer + row * width, into: parent, count: width)
            }
            func slope(_ tapped: Tensor) -> Tensor? { wantsInput ? tape.gradient(of: tapped) : nil }
            lateral8.backward(k8, height: 2 * grid, width: 2 * grid, dy: dy, into: slope(t8), on: tape, in: workspace)
            lateral16.backward(k16, dy: dy, into: slope(t16), on: tape, in: workspace)
            lateral32.backward(k32, dy: coarse, into: slope(t32), on: tape, in: workspace)
            dy.fill(0)
        }
    }

    /// Writes down the way back from y = norm2(mixPointwise(mixDepthwise(x))).
    func recordMixing(_ x: Tensor, _ y: Tensor, on tape: Tape) {
        let wantsInput = tape.hasSteps, parameters = tape.parameters
        guard wantsInput || parameters.areTrained(mixPointwise) || parameters.areTrained(norm2) || mixDepthwise.isTrained(by: parameters)
        else { return }
        let kept = tape.keep(x)
        tape.record { workspace in
            mixBackward(kept, dy: tape.gradient(of: y), into: wantsInput ? tape.gradient(of: x) : nil, on: tape, in: workspace)
        }
    }

    private func mixBackward(_ x: Tensor, dy: Tensor, into dx: Tensor?, on tape: Tape, in workspace: Workspace) {
        let grid = size / 16, width = x.columns, line = grid * width
        let ring = padded(x, in: workspace), filtered = workspace.tensor(x.rows, width), mixed = workspace.tensor(x.rows, width)
        workspace.parallelRows(grid, tile: max(1, productTileRows / grid)) { rows, _ in
            for row in rows {
                ring.withWindow(top: row - mixDepthwise.padding, kernel: mixDepthwise.kernel, height: grid) {
                    mixDepthwise.row($0, width: grid, into: filtered.pointer + row * line)
                }
            }
        }
        mixPointwise(filtered, into: mixed, in: workspace)
        norm2.backward(mixed, dy: dy, on: tape, in: workspace)
        let slopes = workspace.tensor(x.rows, width)
        slopes.fill(0)
        mixPointwise.backward(filtered, dy: dy, into: slopes, on: tape, in: workspace)
        dy.fill(0)
        let padded = padded(slopes, in: workspace)
        mixDepthwise.accumulate(ring, height: grid, width: grid, dy: padded, on: tape, in: workspace)
        guard let dx else { return }
        workspace.parallelRows(grid, tile: 1, scratch: line) { rows, scratch in
            for row in rows {
                mixDepthwise.inputGradient(row: row, width: grid, dy: padded, outHeight: grid, into: scratch)
                add(dx.pointer + row * line, scratch, into: dx.pointer + row * line, count: line)
            }
        }
    }
}
