import Imaging

/// A shape that cannot be used, and what would be right.
struct ShapeProblem: Error {
    let text: String
}

/// Shapes from annotation files, checked so that drawing them is bounded.
extension TruthShape {
    /// Far beyond any picture; sums and differences of such numbers are exact enough.
    private static let reach = 1e6
    private static let mostVertices = 100_000

    static func polygon(checking vertices: [SIMD2<Double>]) throws(ShapeProblem) -> TruthShape {
        guard vertices.count >= 3 else {
            throw ShapeProblem(text: "a polygon of \(vertices.count) points; it needs 3 or more")
        }
        guard vertices.count <= mostVertices else {
            throw ShapeProblem(text: "a polygon of \(vertices.count) points; up to \(mostVertices) are read")
        }
        for vertex in vertices { try check(vertex) }
        return .polygon(vertices)
    }

    static func circle(checking centre: SIMD2<Double>, edge: SIMD2<Double>) throws(ShapeProblem) -> TruthShape {
        try check(centre)
        try check(edge)
        let difference = edge - centre
        return .circle(centre: centre, radius: (difference * difference).sum().squareRoot())
    }

    private static func check(_ point: SIMD2<Double>) throws(ShapeProblem) {
        guard abs(point.x) <= reach, abs(point.y) <= reach else {
            throw ShapeProblem(text: "a point at (\(point.x), \(point.y)); coordinates are pixels, within ±\(Int(reach))")
        }
    }
}
