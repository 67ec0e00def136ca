/// Eight floats at a time: the width of an AVX2 register.
public typealias Float8 = SIMD8<Float>

extension UnsafePointer<Float> {
    @inline(__always)
    public func load8(_ index: Int) -> Float8 { UnsafeRawPointer(self + index).loadUnaligned(as: Float8.self) }
}

extension UnsafeMutablePointer<Float> {
    @inline(__always)
    public func load8(_ index: Int) -> Float8 { UnsafeRawPointer(self + index).loadUnaligned(as: Float8.self) }

    @inline(__always)
    public func store8(_ value: Float8, _ index: Int) {
        UnsafeMutableRawPointer(self + index).storeBytes(of: value, as: Float8.self)
    }

    /// The first `count` (< 8) lanes; the rest are zero.
    @inline(__always)
    func loadTail(_ index: Int, count: Int) -> Float8 {
        var value = Float8()
        for lane in 0..<count { value[lane] = self[index + lane] }
        return value
    }

    @inline(__always)
    func storeTail(_ value: Float8, _ index: Int, count: Int) {
        for lane in 0..<count { self[index + lane] = value[lane] }
    }
}

extension SIMD8<Float> {
    @inline(__always)
    public func horizontalSum() -> Float {
        let four = lowHalf + highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    @inline(__always)
    public func horizontalMax() -> Float {
        let four = pointwiseMax(lowHalf, highHalf)
        let two = pointwiseMax(four.lowHalf, four.highHalf)
        return Swift.max(two.x, two.y)
    }
}

@_transparent
public func maximum(_ a: Float8, _ b: Float8) -> Float8 { a.replacing(with: b, where: a .< b) }

@_transparent
public func minimum(_ a: Float8, _ b: Float8) -> Float8 { a.replacing(with: b, where: a .> b) }

/// eˣ to 2 units in the last place: x = n·ln 2 + r, |r| ≤ ln 2 / 2, eˣ = 2ⁿ · p(r) with the degree-6 polynomial of the
/// Cephes library's expf. Below −87.3 the result is 0; above 88.3 it is held at e^88.3.
@_transparent
public func exponential(_ x: Float8) -> Float8 {
    let tiny = x .< -87.33
    let clamped = minimum(maximum(x, Float8(repeating: -87.33)), Float8(repeating: 88.3))
    // Adding 1.5·2²³ rounds to the nearest integer and leaves it in the low bits: no conversion, which is slow here.
    let shifted = Float8(repeating: 12_582_912).addingProduct(clamped, Float8(repeating: 1.44269504088896341))
    let n = shifted - 12_582_912
    var r = clamped.addingProduct(n, Float8(repeating: -0.693359375))
    r = r.addingProduct(n, Float8(repeating: 2.12194440e-4))
    var p = Float8(repeating: 1.9875691500e-4)
    p = Float8(repeating: 1.3981999507e-3).addingProduct(p, r)
    p = Float8(repeating: 8.3334519073e-3).addingProduct(p, r)
    p = Float8(repeating: 4.1665795894e-2).addingProduct(p, r)
    p = Float8(repeating: 1.6666665459e-1).addingProduct(p, r)
    p = Float8(repeating: 5.0000001201e-1).addingProduct(p, r)
    p = (r + 1).addingProduct(p, r * r)
    let exponent = unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &<< 23
    let scale = unsafeBitCast(exponent &+ 0x3F80_0000, to: Float8.self)
    return (p * scale).replacing(with: 0, where: tiny)
}

/// The error function to 3·10⁻⁷: x · P(x²) / Q(x²) on −4 … 4, where it is 1 to a float's precision, with the minimax
/// coefficients that Eigen uses (`generic_fast_erf_float`).
@inline(__always)
public func errorFunction(_ value: Float8) -> Float8 {
    let x = minimum(maximum(value, Float8(repeating: -4)), Float8(repeating: 4)), square = x * x
    var p = Float8(repeating: -2.72614225801306e-10)
    p = Float8(repeating: 2.77068142495902e-08).addingProduct(p, square)
    p = Float8(repeating: -2.10102402082508e-06).addingProduct(p, square)
    p = Float8(repeating: -5.69250639462346e-05).addingProduct(p, square)
    p = Float8(repeating: -7.34990630326855e-04).addingProduct(p, square)
    p = Float8(repeating: -2.95459980854025e-03).addingProduct(p, square)
    p = Float8(repeating: -1.60960333262415e-02).addingProduct(p, square)
    var q = Float8(repeating: -1.45660718464996e-05)
    q = Float8(repeating: -2.13374055278905e-04).addingProduct(q, square)
    q = Float8(repeating: -1.68282697438203e-03).addingProduct(q, square)
    q = Float8(repeating: -7.37332916720468e-03).addingProduct(q, square)
    q = Float8(repeating: -1.42647390514189e-02).addingProduct(q, square)
    return x * p / q
}

/// GELU(x) = x/2 · (1 + erf(x/√2)), the exact form that SAM uses.
@inline(__always)
public func gelu(_ x: Float8) -> Float8 {
    (x * 0.5).addingProduct(x * 0.5, errorFunction(x * 0.70710678118654752))
}
