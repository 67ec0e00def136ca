#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension AffineMap {
    /// A clockwise turn (rows grow downwards) about a point.
    static func rotation(degrees: Double, around centre: SIMD2<Double>) -> AffineMap {
        let angle = degrees * .pi / 180, (c, s) = (cos(angle), sin(angle))
        return AffineMap(
            a: c, b: -s, c: centre.x - c * centre.x + s * centre.y, d: s, e: c, f: centre.y - s * centre.x - c * centre.y)
    }
}
