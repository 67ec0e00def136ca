import Tensor

extension VisionTransformer {
    /// Writes down the way back from the tokens x (`grid² × width`) to the patch embedding's weights and the positions.
    func record(_ input: Tensor, _ x: Tensor, on tape: Tape) {
        let parameters = tape.parameters, gradient = parameters.gradient(of: positions)
        let isEmbeddingTrained = parameters.areTrained(patchEmbed.linear)
        guard isEmbeddingTrained || gradient != nil || tape.hasSteps else { return }
        let picture = isEmbeddingTrained ? tape.keep(input) : nil, side = grid * patchEmbed.stride
        tape.record { workspace in
            let dy = tape.gradient(of: x)
            if let gradient { add(gradient.pointer, dy.pointer, into: gradient.pointer, count: dy.count) }
            if let picture { patchEmbed.backward(picture, height: side, width: side, dy: dy, into: nil, on: tape, in: workspace) }
            dy.fill(0)
        }
    }
}
