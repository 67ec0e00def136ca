import Tensor

extension MaskDecoder {
    /// Writes down the way back from the logits to the transformer's results. The estimated IoU has no part in any loss here, so
    /// nothing flows back through its head.
    func recordHeads(tokens: Tensor, image: Tensor, hyper: Tensor, masks: Range<Int>, logits: Tensor, on tape: Tape) {
        let seen = (tokens: tape.keep(tokens), image: tape.keep(image), hyper: tape.keep(hyper))
        let dLogits = tape.gradient(of: logits), dTokens = tape.gradient(of: tokens), dImage = tape.gradient(of: image)
        tape.record { workspace in
            let dHyper = workspace.tensor(hyper.rows, hyper.columns)
            dHyper.fill(0)
            upscaleBackward(
                seen.image, hyper: seen.hyper, dLogits: dLogits, into: dImage, dHyper, on: tape, in: workspace)
            dLogits.fill(0)
            for (row, mask) in masks.enumerated() {
                let token = 1 + mask..<2 + mask
                perceptronBackward(
                    hypernetworks[mask], seen.tokens.rows(token), dy: dHyper.rows(row..<row + 1), into: dTokens.rows(token), on: tape,
                    in: workspace)
            }
        }
    }

    /// masks = hyper · gelu(up2(gelu(norm(up1(image))))); what lies between is computed anew.
    private func upscaleBackward(
        _ image: Tensor, hyper: Tensor, dLogits: Tensor, into dImage: Tensor, _ dHyper: Tensor, on tape: Tape, in workspace: Workspace
    ) {
        let quarter = upscale1.outputs, eighth = upscale2.outputs, rows = image.rows, side = 4 * grid
        workspace.scope {
            let first = workspace.tensor(4 * rows, quarter), normed = workspace.tensor(4 * rows, quarter)
            let activated = workspace.tensor(4 * rows, quarter)
            let second = workspace.tensor(16 * rows, eighth), dSecond = workspace.tensor(16 * rows, eighth)
            workspace.parallelRows(rows, tile: 64) { range, _ in
                let start = range.lowerBound, count = range.count, at = 4 * start * quarter, size = 4 * count * quarter
                upscale1(image.pointer + start * image.columns, rows: count, into: first.pointer + at)
                (normed.pointer + at).update(from: first.pointer + at, count: size)
                upscaleNorm(normed.pointer + at, rows: 4 * count)
                (activated.pointer + at).update(from: normed.pointer + at, count: size)
                finish(activated.pointer + at, rows: 4 * count, columns: quarter, stride: quarter, bias: nil, activation: .gelu)
                upscale2(activated.pointer + at, rows: 4 * count, into: second.pointer + 16 * start * eighth)
            }
            // dSecond = Σ over masks of dLogit · hyper, and ∂hyper = Σ over pixels of dLogit · gelu(second), tile by tile.
            let tile = 64, tiles = (rows + tile - 1) / tile, masks = hyper.rows
            let shares = workspace.tensor(tiles * masks, eighth)
            shares.fill(0)
            workspace.parallelRows(rows, tile: tile, scratch: eighth) { range, value in
                for index in 16 * range.lowerBound..<16 * range.upperBound {
                    let (x, y) = TransposedConvolution.quadPosition(index, levels: 2, width: grid)
                    let sums = second.pointer + index * eighth, d = dSecond.pointer + index * eighth
                    value.update(from: sums, count: eighth)
                    finish(value, rows: 1, columns: eighth, stride: eighth, bias: nil, activation: .gelu)
                    d.update(repeating: 0, count: eighth)
                    for mask in 0..<masks {
                        let slope = dLogits.pointer[mask * dLogits.columns + y * side + x]
                        addScaled(hyper.pointer + mask * eighth, slope, to: d, count: eighth)
                        addScaled(value, slope, to: shares.pointer + (range.lowerBound / tile * masks + mask) * eighth, count: eighth)
                    }
                    activationBackward(.gelu, sums, dy: d, count: eighth)
                }
            }
            for tile in 0..<tiles {
                add(dHyper.pointer, shares.pointer + tile * masks * eighth, into: dHyper.pointer, count: masks * eighth)
            }
            let dFirst = workspace.tensor(4 * rows, quarter)
            dFirst.fill(0)
            upscale2.backward(activated, dy: dSecond, into: dFirst, on: tape, in: workspace)
            workspace.parallelRows(4 * rows, tile: 256) { range, _ in
                let at = range.lowerBound * quarter
                activationBackward(.gelu, normed.pointer + at, dy: dFirst.pointer + at, count: range.count * quarter)
            }
            upscaleNorm.backward(first, dy: dFirst, on: tape, in: workspace)
            upscale1.backward(image, dy: dFirst, into: dImage, on: tape, in: workspace)
        }
    }

    /// The way back through linear layers with ReLU between them; dx is added to.
    private func perceptronBackward(
        _ layers: [Linear], _ x: Tensor, dy: Tensor, into dx: Tensor, on tape: Tape, in workspace: Workspace
    ) {
        guard let last = layers.last else { return }
        guard layers.count > 1, let first = layers.first else {
            return last.backward(x, dy: dy, into: dx, on: tape, in: workspace)
        }
        workspace.scope {
            let hidden = workspace.tensor(x.rows, first.outputs), d = workspace.tensor(x.rows, first.outputs)
            first(x, activation: .relu, into: hidden)
            d.fill(0)
            perceptronBackward(Array(layers.dropFirst()), hidden, dy: dy, into: d, on: tape, in: workspace)
            // ReLU's result is positive exactly where what it was applied to is.
            activationBackward(.relu, hidden.pointer, dy: d.pointer, count: d.count)
            first.backward(x, dy: d, into: dx, on: tape, in: workspace)
        }
    }
}
