import Tensor

/// TinyViT's layers as they are published: a convolution without bias, `c`, and a batch norm behind it, `bn`.
///
/// At inference both are one linear map: with s = γ / √(σ² + ε), y = s·(W∗x) + (β − s·μ). The factors are made in double
/// precision, so a folded weight is the exact product rounded once.
extension Checkpoint {
    /// Batch norm's ε in the published code (PyTorch's default).
    private static let batchNormEpsilon = 1e-5

    func foldedPointwise(_ name: String, in inputs: Int, out outputs: Int) throws(CheckpointError) -> Linear {
        let (weight, bias) = try folded(name, in: inputs, out: outputs, kernel: 1)
        return Linear(weight: weight, bias: bias)
    }

    func foldedConvolution(
        _ name: String, in inputs: Int, out outputs: Int, kernel: Int, stride: Int
    ) throws(CheckpointError) -> Convolution {
        let (weight, bias) = try folded(name, in: inputs, out: outputs, kernel: kernel)
        return Convolution(pytorch: weight, bias: bias, kernel: kernel, stride: stride, padding: kernel / 2)
    }

    func foldedDepthwise(_ name: String, channels: Int, kernel: Int, stride: Int) throws(CheckpointError) -> DepthwiseConvolution {
        let (weight, bias) = try folded(name, in: 1, out: channels, kernel: kernel)
        return DepthwiseConvolution(pytorch: weight, bias: bias, kernel: kernel, stride: stride)
    }

    private func folded(
        _ name: String, in inputs: Int, out outputs: Int, kernel: Int
    ) throws(CheckpointError) -> (weight: Tensor, bias: Tensor) {
        let weight = try tensor(name + ".c.weight", outputs, inputs, kernel, kernel)
        let scale = try tensor(name + ".bn.weight", outputs), shift = try tensor(name + ".bn.bias", outputs)
        let mean = try tensor(name + ".bn.running_mean", outputs), variance = try tensor(name + ".bn.running_var", outputs)
        if let wrong = variance.buffer.first(where: { $0 < 0 }) {
            throw CheckpointError(file: base.path, problem: "\(name).bn.running_var holds \(wrong); a variance is 0 or more")
        }
        for output in 0..<outputs {
            let factor = Double(scale.pointer[output]) / (Double(variance.pointer[output]) + Self.batchNormEpsilon).squareRoot()
            let line = weight.pointer + output * weight.columns
            for index in 0..<weight.columns { line[index] = Float(Double(line[index]) * factor) }
            shift.pointer[output] = Float(Double(shift.pointer[output]) - Double(mean.pointer[output]) * factor)
        }
        return (weight, shift)
    }
}
