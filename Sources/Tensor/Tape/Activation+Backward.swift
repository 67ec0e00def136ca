/// dx ← dy · activation′(x), in place on dy.
///
/// - Parameters:
///   - x: what the activation was applied to: `count` values.
///   - dy: the gradient of its result, replaced by that of x.
public func activationBackward(
    _ activation: Activation, _ x: UnsafePointer<Float>, dy: UnsafeMutablePointer<Float>, count: Int
) {
    switch activation {
    case .none: return
    case .relu: gate(x, dy, count, 0, .infinity)
    case .relu6: gate(x, dy, count, 0, 6)
    case .gelu:
        forEach8(dy, rows: 1, columns: count, stride: count) { value, _, index in
            value * geluDerivative(index + 8 <= count ? x.load8(index) : x.loadTail(index, count: count - index))
        }
    }
}

/// Lets the gradient pass where low < x < high, as PyTorch does for ReLU and ReLU6.
private func gate(_ x: UnsafePointer<Float>, _ dy: UnsafeMutablePointer<Float>, _ count: Int, _ low: Float, _ high: Float) {
    let low = Float8(repeating: low), high = Float8(repeating: high)
    forEach8(dy, rows: 1, columns: count, stride: count) { value, _, index in
        let at = index + 8 <= count ? x.load8(index) : x.loadTail(index, count: count - index)
        return value.replacing(with: 0, where: (at .<= low) .| (at .>= high))
    }
}

/// d/dx x·Φ(x) = Φ(x) + x·φ(x), Φ and φ being the normal distribution and its density.
@inline(__always)
func geluDerivative(_ x: Float8) -> Float8 {
    let cumulative = Float8(repeating: 0.5).addingProduct(Float8(repeating: 0.5), errorFunction(x * 0.70710678118654752))
    let density = exponential(x * x * -0.5) * 0.39894228040143268
    return cumulative.addingProduct(x, density)
}

extension UnsafePointer<Float> {
    /// The first `count` (< 8) lanes; the rest are zero.
    @inline(__always)
    func loadTail(_ index: Int, count: Int) -> Float8 {
        var value = Float8()
        for lane in 0..<count { value[lane] = self[index + lane] }
        return value
    }
}
