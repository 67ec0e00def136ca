import Tensor

extension PromptEncoder {
    /// Writes down what the learned part of each sparse embedding (its kind) has of the gradient; coordinates have none.
    func recordSparse(_ prompt: Prompt, _ sparse: Tensor, on tape: Tape) {
        var learned = prompt.points.map { kinds[$0.label.rawValue] }
        learned += prompt.box != nil ? [kinds[2], kinds[3]] : prompt.points.isEmpty ? [] : [notAPoint]
        let gradients = learned.map { tape.parameters.gradient(of: $0) }, dSparse = tape.gradient(of: sparse)
        tape.record { _ in
            for (row, gradient) in gradients.enumerated() {
                guard let gradient else { continue }
                add(gradient.pointer, dSparse.rows(row..<row + 1).pointer, into: gradient.pointer, count: gradient.count)
            }
            dSparse.fill(0)
        }
    }

    /// Writes down the way back from the dense embedding to the layers that made it, where they are trained, and to the logits,
    /// where they are not detached.
    func recordDense(_ logits: Tensor, isDetached: Bool, _ dense: Tensor, on tape: Tape) {
        let layers = [mask1.linear, mask2.linear, mask3], dDense = tape.gradient(of: dense)
        guard !isDetached || layers.contains(where: { tape.parameters.matrix(of: $0).isTrained }) else {
            return tape.record { _ in dDense.fill(0) }
        }
        let seen = tape.keep(logits), dLogits = isDetached ? nil : tape.gradient(of: logits)
        tape.record { denseBackward(seen, dDense: dDense, into: dLogits, on: tape, in: $0) }
    }

    /// dense = conv3(gelu(norm2(conv2(gelu(norm1(conv1(logits))))))), all in quad order, so that a token's rows follow one
    /// another; what lies between is computed anew.
    private func denseBackward(_ logits: Tensor, dDense: Tensor, into dLogits: Tensor?, on tape: Tape, in workspace: Workspace) {
        let tokens = grid * grid, quarter = mask1.outputs, channels = mask2.outputs
        func activated(_ x: Tensor, _ norm: LayerNorm) -> (normed: Tensor, activated: Tensor) {
            let normed = workspace.tensor(x.rows, x.columns), result = workspace.tensor(x.rows, x.columns)
            normed.copy(from: x)
            norm(normed.pointer, rows: x.rows)
            result.copy(from: normed)
            finish(result.pointer, rows: x.rows, columns: x.columns, stride: x.columns, bias: nil, activation: .gelu)
            return (normed, result)
        }
        let patches = workspace.tensor(4 * tokens, 4), first = workspace.tensor(4 * tokens, quarter)
        gatherPatches(logits, 0..<tokens, into: patches.pointer)
        mask1.linear(patches, into: first, in: workspace)
        let (normed1, activated1) = activated(first, maskNorm1)
        let second = workspace.tensor(tokens, channels)
        mask2.linear(activated1.reshaped(rows: tokens, columns: 4 * quarter), into: second, in: workspace)
        let (normed2, activated2) = activated(second, maskNorm2)

        let dSecond = workspace.tensor(tokens, channels), dFirst = workspace.tensor(4 * tokens, quarter)
        dSecond.fill(0)
        dFirst.fill(0)
        mask3.backward(activated2, dy: dDense, into: dSecond, on: tape, in: workspace)
        dDense.fill(0)
        activationBackward(.gelu, normed2.pointer, dy: dSecond.pointer, count: dSecond.count)
        maskNorm2.backward(second, dy: dSecond, on: tape, in: workspace)
        mask2.backward(
            patches: activated1.reshaped(rows: tokens, columns: 4 * quarter), dy: dSecond,
            into: dFirst.reshaped(rows: tokens, columns: 4 * quarter), on: tape, in: workspace)
        activationBackward(.gelu, normed1.pointer, dy: dFirst.pointer, count: dFirst.count)
        maskNorm1.backward(first, dy: dFirst, on: tape, in: workspace)
        guard let dLogits else { return mask1.backward(patches: patches, dy: dFirst, into: nil, on: tape, in: workspace) }
        let dPatches = workspace.tensor(4 * tokens, 4)
        dPatches.fill(0)
        mask1.backward(patches: patches, dy: dFirst, into: dPatches, on: tape, in: workspace)
        for token in 0..<tokens {
            for index in 0..<16 { dLogits.pointer[pixel(of: token, index)] += dPatches.pointer[token * 16 + index] }
        }
    }
}
