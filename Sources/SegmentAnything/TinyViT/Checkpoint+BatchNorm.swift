import Tensor

/// TinyViT's layers as they are published: a convolution without bias, `c`, and a batch norm behind it, `bn`.
///
/// At inference both are one linear map: with s = γ / √(σ² + ε), y = s·(W∗x) + (β − s·μ). The factors are made in double
/// precision, so a folded weight is the exact product rounded once. A model that is tuned keeps s and the bias: W is trained
/// through the fold.
extension Checkpoint {
    /// Batch norm's ε in the published code (PyTorch's default).
    private static let batchNormEpsilon = 1e-5

    func foldedPointwise(_ name: String, in inputs: Int, out outputs: Int) throws(CheckpointError) -> Linear {
        let (weight, bias) = try folded(name, in: inputs, out: outputs, kernel: 1)
        let layer = Linear(weight: weight, bias: bias)
        bind(layer, weight: weight, bias: bias)
        return layer
    }

    func foldedConvolution(
        _ name: String, in inputs: Int, out outputs: Int, kernel: Int, stride: Int
    ) throws(CheckpointError) -> Convolution {
        let (weight, bias) = try folded(name, in: inputs, out: outputs, kernel: kernel)
        let layer = Convolution(pytorch: weight, bias: bias, kernel: kernel, stride: stride, padding: kernel / 2)
        tuning?.parameters.bind(layer.linear, weight: weight, bias: bias) { layer.pack(pytorch: weight, bias: bias) }
        return layer
    }

    func foldedDepthwise(_ name: String, channels: Int, kernel: Int, stride: Int) throws(CheckpointError) -> DepthwiseConvolution {
        let (weight, bias) = try folded(name, in: 1, out: channels, kernel: kernel)
        let layer = DepthwiseConvolution(pytorch: weight, bias: bias, kernel: kernel, stride: stride)
        tuning?.parameters.bind(layer.weight, weight: weight, bias: bias) { layer.pack(pytorch: weight) }
        return layer
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
        let factors = (0..<outputs).map {
            Double(scale.pointer[$0]) / (Double(variance.pointer[$0]) + Self.batchNormEpsilon).squareRoot()
        }
        let folded = Tensor(rows: weight.rows, columns: weight.columns), bias = Tensor(rows: 1, columns: outputs)
        for (output, factor) in factors.enumerated() {
            let line = weight.pointer + output * weight.columns, target = folded.pointer + output * weight.columns
            for index in 0..<weight.columns { target[index] = Float(Double(line[index]) * factor) }
            bias.pointer[output] = Float(Double(shift.pointer[output]) - Double(mean.pointer[output]) * factor)
        }
        tuning?.parameters.enterFolded(folded, of: weight, factors: factors)
        return (folded, bias)
    }
}
