/// A convolution over tokens × channels: patches are gathered tile by tile and multiplied with the weights.
public struct Convolution: Sendable {
    public let kernel: Int
    public let stride: Int
    public let padding: Int
    public let inputs: Int
    /// Patches to outputs; its inputs are ordered (ky, kx, in).
    public let linear: Linear

    /// - Parameter pytorch: weights as PyTorch stores them, `out × in × kernel × kernel`, flattened to `out` rows.
    public init(pytorch: Tensor, bias: Tensor?, kernel: Int, stride: Int = 1, padding: Int = 0) {
        precondition(pytorch.columns % (kernel * kernel) == 0)
        inputs = pytorch.columns / (kernel * kernel)
        linear = Linear(weight: Self.patchOrder(pytorch, area: kernel * kernel), bias: bias)
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }

    /// Writes other weights, in PyTorch's order, into the layer.
    public func pack(pytorch: Tensor, bias: Tensor?) {
        linear.pack(weight: Self.patchOrder(pytorch, area: kernel * kernel), bias: bias)
    }

    /// `out × in × ky × kx` to `out × ky × kx × in`.
    private static func patchOrder(_ pytorch: Tensor, area: Int) -> Tensor {
        let weight = Tensor(rows: pytorch.rows, columns: pytorch.columns)
        for out in 0..<pytorch.rows {
            let start = out * pytorch.columns
            transpose(
                pytorch.pointer + start, rows: pytorch.columns / area, columns: area, stride: area, into: weight.pointer + start,
                stride: pytorch.columns / area)
        }
        return weight
    }

    public var outputs: Int { linear.outputs }

    public func outputSize(_ size: Int) -> Int { (size + 2 * padding - kernel) / stride + 1 }

    /// - Parameters:
    ///   - x: `height · width` rows of `inputs` channels.
    ///   - y: `outputSize(height) · outputSize(width)` rows of `outputs` channels.
    ///   - then: further work on a finished tile: its first value and its rows.
    public func callAsFunction(
        _ x: Tensor, height: Int, width: Int, activation: Activation = .none, into y: Tensor, in workspace: Workspace,
        then: (UnsafeMutablePointer<Float>, Range<Int>) -> Void = { _, _ in }
    ) {
        let outWidth = outputSize(width), outHeight = outputSize(height)
        precondition(x.rows == height * width && x.columns == inputs)
        precondition(y.rows == outHeight * outWidth && y.columns == outputs)
        let target = y.pointer
        let tileRows = max(1, productTileRows / outWidth) * outWidth
        workspace.parallelRows(y.rows, tile: tileRows, scratch: tileRows * linear.inputs) { rows, patches in
            gather(x.pointer, height: height, width: width, outWidth: outWidth, rows: rows, into: patches)
            let tile = target + rows.lowerBound * outputs
            linear(patches, rows: rows.count, activation: activation, into: tile)
            then(tile, rows)
        }
    }

    /// Copies the patch under each of `rows`' output positions: `kernel · kernel · inputs` values a row, zero outside.
    public func gather(
        _ x: UnsafePointer<Float>, height: Int, width: Int, outWidth: Int, rows: Range<Int>,
        into patches: UnsafeMutablePointer<Float>
    ) {
        let span = kernel * inputs
        var patch = patches
        for row in rows {
            let top = row / outWidth * stride - padding, left = row % outWidth * stride - padding
            let first = max(0, -left), last = min(kernel, width - left)
            for ky in 0..<kernel {
                let line = patch + ky * span
                let y = top + ky
                guard y >= 0, y < height, first < last else {
                    line.update(repeating: 0, count: span)
                    continue
                }
                if first > 0 { line.update(repeating: 0, count: first * inputs) }
                if last < kernel { (line + last * inputs).update(repeating: 0, count: (kernel - last) * inputs) }
                (line + first * inputs).update(
                    from: x + (y * width + left + first) * inputs, count: (last - first) * inputs)
            }
            patch += linear.inputs
        }
    }
}

/// A transposed convolution with kernel 2 and stride 2: each token becomes 2×2 tokens by one product.
///
/// The result is kept in quad order: row `4·token + 2·dy + dx`. Layers that work on rows alone (normalisation,
/// activation, another such convolution) need no rearrangement; ``quadPosition(_:levels:width:)`` finds the pixel.
public struct TransposedConvolution: Sendable {
    /// From a token to its four, ordered (dy, dx, out).
    let linear: Linear

    /// - Parameter pytorch: weights as PyTorch stores them, `in × out × 2 × 2`, flattened to `in` rows.
    public init(pytorch: Tensor, bias: Tensor) {
        let (weight, shift) = Self.quadOrder(pytorch, bias)
        linear = Linear(weight: weight, bias: shift)
    }

    /// Writes other weights, in PyTorch's order, into the layer.
    public func pack(pytorch: Tensor, bias: Tensor) {
        let (weight, shift) = Self.quadOrder(pytorch, bias)
        linear.pack(weight: weight, bias: shift)
    }

    /// `in × out × dy × dx` to `(dy, dx, out) × in`, and the bias once for each of the four.
    private static func quadOrder(_ pytorch: Tensor, _ bias: Tensor) -> (weight: Tensor, bias: Tensor) {
        let inputs = pytorch.rows, outputs = pytorch.columns / 4
        precondition(bias.count == outputs)
        let weight = Tensor(rows: 4 * outputs, columns: inputs), shift = Tensor(rows: 1, columns: 4 * outputs)
        for quarter in 0..<4 {
            for out in 0..<outputs {
                for input in 0..<inputs {
                    weight.pointer[(quarter * outputs + out) * inputs + input] =
                        pytorch.pointer[(input * outputs + out) * 4 + quarter]
                }
                shift.pointer[quarter * outputs + out] = bias.pointer[out]
            }
        }
        return (weight, shift)
    }

    public var outputs: Int { linear.outputs / 4 }

    /// `rows` tokens in, `4 · rows` tokens out, in quad order.
    public func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, activation: Activation = .none, into y: UnsafeMutablePointer<Float>
    ) {
        linear(x, rows: rows, activation: activation, into: y)
    }

    /// The pixel (x, y) of a row in quad order after `levels` doublings of a grid that was `width` tokens wide.
    public static func quadPosition(_ row: Int, levels: Int, width: Int) -> (x: Int, y: Int) {
        let token = row >> (2 * levels)
        var x = token % width, y = token / width
        for level in stride(from: levels - 1, through: 0, by: -1) {
            let quarter = row >> (2 * level) & 3
            x = 2 * x + (quarter & 1)
            y = 2 * y + (quarter >> 1)
        }
        return (x, y)
    }
}
