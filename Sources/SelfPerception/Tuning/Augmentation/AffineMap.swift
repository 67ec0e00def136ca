/// (x, y) ↦ (a·x + b·y + c, d·x + e·y + f) over continuous pixels.
struct AffineMap: Equatable, Sendable {
    var a = 1.0, b = 0.0, c = 0.0
    var d = 0.0, e = 1.0, f = 0.0

    func callAsFunction(_ point: SIMD2<Double>) -> SIMD2<Double> {
        SIMD2(a * point.x + b * point.y + c, d * point.x + e * point.y + f)
    }

    /// This map, then another.
    func then(_ next: AffineMap) -> AffineMap {
        AffineMap(
            a: next.a * a + next.b * d, b: next.a * b + next.b * e, c: next.a * c + next.b * f + next.c,
            d: next.d * a + next.e * d, e: next.d * b + next.e * e, f: next.d * c + next.e * f + next.f)
    }

    /// - Precondition: the map keeps areas apart from zero.
    var inverse: AffineMap {
        let determinant = a * e - b * d
        precondition(determinant != 0)
        let (p, q, r, s) = (e / determinant, -b / determinant, -d / determinant, a / determinant)
        return AffineMap(a: p, b: q, c: -(p * c + q * f), d: r, e: s, f: -(r * c + s * f))
    }

    static func scale(_ x: Double, _ y: Double) -> AffineMap { AffineMap(a: x, e: y) }

    static func shift(_ x: Double, _ y: Double) -> AffineMap { AffineMap(c: x, f: y) }
}
