/// Layer normalisation of each row over its columns: (x − mean) / √(variance + ε) · weight + bias, in place.
///
/// The variance is the biased one, as PyTorch's. SAM's LayerNorm2d is the same operation on tokens × channels.
public func layerNorm(
    _ x: UnsafeMutablePointer<Float>, rows: Int, columns: Int, weight: Tensor, bias: Tensor, epsilon: Float
) {
    precondition(weight.count == columns && bias.count == columns)
    let scale = weight.pointer, shift = bias.pointer
    let whole = columns & ~7, inverse = 1 / Float(columns)
    for row in 0..<rows {
        let line = x + row * columns
        var sum = Float8()
        var index = 0
        while index < whole {
            sum += line.load8(index)
            index += 8
        }
        var total = sum.horizontalSum()
        while index < columns {
            total += line[index]
            index += 1
        }
        let mean = total * inverse
        var squares = Float8()
        index = 0
        while index < whole {
            let d = line.load8(index) - mean
            squares.addProduct(d, d)
            index += 8
        }
        var spread = squares.horizontalSum()
        while index < columns {
            let d = line[index] - mean
            spread += d * d
            index += 1
        }
        let factor = 1 / (spread * inverse + epsilon).squareRoot()
        index = 0
        while index < whole {
            line.store8(shift.load8(index).addingProduct((line.load8(index) - mean) * factor, scale.load8(index)), index)
            index += 8
        }
        while index < columns {
            line[index] = (line[index] - mean) * factor * scale[index] + shift[index]
            index += 1
        }
    }
}

/// Layer normalisation with its weights; see the free function for the formula.
public struct LayerNorm: Sendable {
    public let weight: Tensor
    public let bias: Tensor
    public let epsilon: Float

    public init(weight: Tensor, bias: Tensor, epsilon: Float) {
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }

    /// In place on `rows` rows.
    public func callAsFunction(_ x: UnsafeMutablePointer<Float>, rows: Int) {
        layerNorm(x, rows: rows, columns: weight.count, weight: weight, bias: bias, epsilon: epsilon)
    }
}
