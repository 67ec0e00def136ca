/// One filter a channel, stored tap by tap: `kernel · kernel` rows × channels.
public struct DepthwiseConvolution: Sendable {
    public let weight: Tensor
    public let bias: Tensor
    public let kernel: Int
    public let stride: Int

    /// - Parameter pytorch: `channels × 1 × kernel × kernel`, flattened to `channels` rows.
    public init(pytorch: Tensor, bias: Tensor, kernel: Int, stride: Int) {
        precondition(pytorch.columns == kernel * kernel && bias.count == pytorch.rows)
        precondition(kernel <= RowRing.largestKernel)
        weight = Tensor(rows: pytorch.columns, columns: pytorch.rows)
        self.bias = bias
        self.kernel = kernel
        self.stride = stride
        pack(pytorch: pytorch)
    }

    /// Writes other weights, in PyTorch's order, into the layer; the bias is the tensor that it was made with.
    public func pack(pytorch: Tensor) {
        precondition(pytorch.columns == weight.rows && pytorch.rows == channels)
        transpose(
            pytorch.pointer, rows: pytorch.rows, columns: pytorch.columns, stride: pytorch.columns, into: weight.pointer,
            stride: pytorch.rows)
    }

    public var channels: Int { weight.columns }
    public var padding: Int { kernel / 2 }

    public func outputSize(_ size: Int) -> Int { (size + 2 * padding - kernel) / stride + 1 }

    /// One output row of `width` tokens from `kernel` padded input rows (their first token is the left padding).
    public func row(
        _ input: RowRing.Window, width: Int, activation: Activation = .none, into y: UnsafeMutablePointer<Float>
    ) {
        let all = Float8(repeating: .infinity)
        switch activation {
        case .none: clamped(input, width, y, -all, all)
        case .relu: clamped(input, width, y, Float8(), all)
        case .relu6: clamped(input, width, y, Float8(), Float8(repeating: 6))
        case .gelu: smooth(input, width, y)
        }
    }

    private func clamped(_ input: RowRing.Window, _ width: Int, _ y: UnsafeMutablePointer<Float>, _ low: Float8, _ high: Float8) {
        switch (kernel, stride) {
        case (3, 1): FilterRow<3, 1, 0>.run(self, input, width: width, into: y, low, high)
        case (3, 2): FilterRow<3, 2, 0>.run(self, input, width: width, into: y, low, high)
        case (5, 1): FilterRow<5, 1, 0>.run(self, input, width: width, into: y, low, high)
        case (5, 2): FilterRow<5, 2, 0>.run(self, input, width: width, into: y, low, high)
        default: return scalarChannels(input, from: 0, width: width, into: y) { minimum(maximum($0, low), high) }
        }
        if channels % 8 > 0 {
            scalarChannels(input, from: channels & ~7, width: width, into: y) { minimum(maximum($0, low), high) }
        }
    }

    private func smooth(_ input: RowRing.Window, _ width: Int, _ y: UnsafeMutablePointer<Float>) {
        let unused = Float8()
        switch (kernel, stride) {
        case (3, 1): FilterRow<3, 1, 1>.run(self, input, width: width, into: y, unused, unused)
        case (3, 2): FilterRow<3, 2, 1>.run(self, input, width: width, into: y, unused, unused)
        case (5, 1): FilterRow<5, 1, 1>.run(self, input, width: width, into: y, unused, unused)
        case (5, 2): FilterRow<5, 2, 1>.run(self, input, width: width, into: y, unused, unused)
        default: return scalarChannels(input, from: 0, width: width, into: y) { gelu($0) }
        }
        if channels % 8 > 0 { scalarChannels(input, from: channels & ~7, width: width, into: y) { gelu($0) } }
    }

    @inline(__always)
    private func scalarChannels(
        _ input: RowRing.Window, from first: Int, width: Int, into y: UnsafeMutablePointer<Float>,
        _ finish: (Float8) -> Float8
    ) {
        for x in 0..<width {
            for c in first..<channels {
                var sum = bias.pointer[c]
                for ky in 0..<kernel {
                    for kx in 0..<kernel {
                        sum += input[ky][(x * stride + kx) * channels + c]
                            * weight.pointer[(ky * kernel + kx) * channels + c]
                    }
                }
                y[x * channels + c] = finish(Float8(repeating: sum))[0]
            }
        }
    }
}

/// A filter whose side and stride the compiler knows, so that its taps are unrolled; with `isSmooth` 1 the sums go through GELU,
/// else they are held between two bounds. Channels in eights; the rest is the caller's.
private enum FilterRow<let side: Int, let stride: Int, let isSmooth: Int> {
    // Four output tokens share each weight; channels are the inner loop so that a line of the cache is used whole.
    static func run(
        _ layer: DepthwiseConvolution, _ input: RowRing.Window, width: Int, into y: UnsafeMutablePointer<Float>,
        _ low: Float8, _ high: Float8
    ) {
        @inline(__always) func finish(_ sum: Float8) -> Float8 { isSmooth == 1 ? gelu(sum) : minimum(maximum(sum, low), high) }
        let channels = layer.channels, whole = channels & ~7
        let weights = layer.weight.pointer, shift = layer.bias.pointer
        let step = stride * channels
        var x = 0
        while x + 4 <= width {
            for c in Swift.stride(from: 0, to: whole, by: 8) {
                var s0 = shift.load8(c), s1 = s0, s2 = s0, s3 = s0
                for ky in 0..<side {
                    let line = input[ky] + x * step + c
                    let taps = weights + ky * side * channels + c
                    for kx in 0..<side {
                        let w = taps.load8(kx * channels), at = line + kx * channels
                        s0.addProduct(at.load8(0), w)
                        s1.addProduct(at.load8(step), w)
                        s2.addProduct(at.load8(2 * step), w)
                        s3.addProduct(at.load8(3 * step), w)
                    }
                }
                let out = y + x * channels + c
                out.store8(finish(s0), 0)
                out.store8(finish(s1), channels)
                out.store8(finish(s2), 2 * channels)
                out.store8(finish(s3), 3 * channels)
            }
            x += 4
        }
        while x < width {
            for c in Swift.stride(from: 0, to: whole, by: 8) {
                var sum = shift.load8(c)
                for ky in 0..<side {
                    for kx in 0..<side {
                        sum.addProduct(
                            (input[ky] + x * step + kx * channels).load8(c),
                            weights.load8((ky * side + kx) * channels + c))
                    }
                }
                (y + x * channels).store8(finish(sum), c)
            }
            x += 1
        }
    }
}
