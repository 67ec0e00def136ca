import Tensor

// Layers that keep their weights in an order of their own. Each is bound to the tensors it was made from, so that a model that
// is tuned can write new weights into it.
extension Checkpoint {
    public func convolution(
        _ name: String, in inputs: Int, out outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true
    ) throws(CheckpointError) -> Convolution {
        let weight = try tensor(name + ".weight", outputs, inputs, kernel, kernel)
        let shift = bias ? try tensor(name + ".bias", outputs) : nil
        let layer = Convolution(pytorch: weight, bias: shift, kernel: kernel, stride: stride, padding: padding)
        tuning?.parameters.bind(layer.linear, weight: weight, bias: shift) { layer.pack(pytorch: weight, bias: shift) }
        return layer
    }

    /// A 1×1 convolution, which is a linear layer on tokens × channels.
    public func pointwise(
        _ name: String, in inputs: Int, out outputs: Int, bias: Bool = true
    ) throws(CheckpointError) -> Linear {
        let weight = try tensor(name + ".weight", outputs, inputs, 1, 1)
        let shift = bias ? try tensor(name + ".bias", outputs) : nil
        let layer = Linear(weight: weight, bias: shift)
        bind(layer, weight: weight, bias: shift)
        return layer
    }

    public func depthwise(
        _ name: String, channels: Int, kernel: Int, stride: Int
    ) throws(CheckpointError) -> DepthwiseConvolution {
        let weight = try tensor(name + ".weight", channels, 1, kernel, kernel), shift = try tensor(name + ".bias", channels)
        let layer = DepthwiseConvolution(pytorch: weight, bias: shift, kernel: kernel, stride: stride)
        tuning?.parameters.bind(layer.weight, weight: weight, bias: shift) { layer.pack(pytorch: weight) }
        return layer
    }

    /// Kernel 2, stride 2.
    public func transposedConvolution(
        _ name: String, in inputs: Int, out outputs: Int
    ) throws(CheckpointError) -> TransposedConvolution {
        let weight = try tensor(name + ".weight", inputs, outputs, 2, 2), shift = try tensor(name + ".bias", outputs)
        let layer = TransposedConvolution(pytorch: weight, bias: shift)
        tuning?.parameters.bind(layer, weight: weight, bias: shift)
        return layer
    }

    func bind(_ layer: Linear, weight: Tensor, bias: Tensor?) {
        tuning?.parameters.bind(layer, weight: weight, bias: bias) { layer.pack(weight: weight, bias: bias) }
    }

    /// For weights that are multiplied as they are.
    func bind(_ weight: Tensor, bias: Tensor) {
        tuning?.parameters.bind(weight, weight: weight, bias: bias) {}
    }
}
