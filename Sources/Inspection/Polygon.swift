/// A closed polygon; the last vertex joins the first.
struct Polygon: Equatable, Sendable {
    struct Vertex: Equatable, Sendable {
        var x: Double
        var y: Double
    }

    let vertices: [Vertex]

    /// Repeated neighbours are dropped, a closing copy of the first vertex too.
    init(_ vertices: [Vertex]) {
        var kept: [Vertex] = []
        for vertex in vertices where vertex != kept.last { kept.append(vertex) }
        while kept.count > 1, kept.first == kept.last { kept.removeLast() }
        self.vertices = kept
    }

    var bounds: Bounds {
        var bounds = Bounds(x0: .infinity, y0: .infinity, x1: -.infinity, y1: -.infinity)
        for vertex in vertices {
            bounds.x0 = min(bounds.x0, vertex.x)
            bounds.y0 = min(bounds.y0, vertex.y)
            bounds.x1 = max(bounds.x1, vertex.x)
            bounds.y1 = max(bounds.y1, vertex.y)
        }
        return bounds
    }

    var area: Double { Self.area(vertices) }

    func contains(_ point: Vertex) -> Bool {
        var inside = false
        var previous = vertices.count - 1
        for index in vertices.indices {
            let a = vertices[index], b = vertices[previous]
            if (a.y > point.y) != (b.y > point.y), point.x < (b.x - a.x) * (point.y - a.y) / (b.y - a.y) + a.x {
                inside.toggle()
            }
            previous = index
        }
        return inside
    }

    /// The first pair of edges that touch or cross where they should not (edge `i` runs from vertex `i` to the next).
    ///
    /// Neighbours may share their common vertex only; all others must keep apart. Edges are swept from left to right so
    /// that only those that overlap in x are compared.
    func firstCrossing() -> (Int, Int)? {
        let n = vertices.count
        func start(_ edge: Int) -> Vertex { vertices[edge] }
        func end(_ edge: Int) -> Vertex { vertices[edge + 1 == n ? 0 : edge + 1] }
        let order = (0..<n).sorted { min(start($0).x, end($0).x) < min(start($1).x, end($1).x) }
        var open: [Int] = []
        for edge in order {
            let a = start(edge), b = end(edge), left = min(a.x, b.x)
            open.removeAll { max(start($0).x, end($0).x) < left }
            for other in open {
                let c = start(other), d = end(other)
                if min(a.y, b.y) > max(c.y, d.y) || min(c.y, d.y) > max(a.y, b.y) { continue }
                let bad = if (edge + 1) % n == other {
                    Self.foldsBack(a, b, d)
                } else if (other + 1) % n == edge {
                    Self.foldsBack(c, d, b)
                } else {
                    Self.touch(a, b, c, d)
                }
                if bad { return (min(edge, other), max(edge, other)) }
            }
            open.append(edge)
        }
        return nil
    }

    /// The area that lies inside a rectangle (Sutherland and Hodgman's clipping; the edges it adds along the border
    /// enclose nothing).
    func area(within rect: Bounds) -> Double {
        var clipped = vertices
        func clip(_ inside: (Vertex) -> Bool, _ cut: (Vertex, Vertex) -> Vertex) {
            var kept: [Vertex] = []
            for (index, vertex) in clipped.enumerated() {
                let previous = clipped[index == 0 ? clipped.count - 1 : index - 1]
                if inside(vertex) != inside(previous) { kept.append(cut(previous, vertex)) }
                if inside(vertex) { kept.append(vertex) }
            }
            clipped = kept
        }
        func atX(_ x: Double) -> (Vertex, Vertex) -> Vertex {
            { Vertex(x: x, y: $0.y + ($1.y - $0.y) * (x - $0.x) / ($1.x - $0.x)) }
        }
        func atY(_ y: Double) -> (Vertex, Vertex) -> Vertex {
            { Vertex(x: $0.x + ($1.x - $0.x) * (y - $0.y) / ($1.y - $0.y), y: y) }
        }
        clip({ $0.x >= rect.x0 }, atX(rect.x0))
        clip({ $0.x <= rect.x1 }, atX(rect.x1))
        clip({ $0.y >= rect.y0 }, atY(rect.y0))
        clip({ $0.y <= rect.y1 }, atY(rect.y1))
        return Self.area(clipped)
    }

    /// The shoelace formula, unsigned.
    private static func area(_ vertices: [Vertex]) -> Double {
        guard let origin = vertices.first else { return 0 }
        var twice = 0.0
        for (index, a) in vertices.enumerated() {
            let b = vertices[index + 1 == vertices.count ? 0 : index + 1]
            twice += (a.x - origin.x) * (b.y - origin.y) - (b.x - origin.x) * (a.y - origin.y)
        }
        return abs(twice) / 2
    }

    /// Twice the signed area of a triangle: above zero where c lies to one side of ab, below on the other.
    private static func side(_ a: Vertex, _ b: Vertex, _ c: Vertex) -> Double {
        (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
    }

    /// Whether the edge bc runs back over ab.
    private static func foldsBack(_ a: Vertex, _ b: Vertex, _ c: Vertex) -> Bool {
        side(a, b, c) == 0 && (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) < 0
    }

    /// Whether the closed segments ab and cd share a point.
    private static func touch(_ a: Vertex, _ b: Vertex, _ c: Vertex, _ d: Vertex) -> Bool {
        let abc = side(a, b, c), abd = side(a, b, d), cda = side(c, d, a), cdb = side(c, d, b)
        if (abc > 0) != (abd > 0), abc != 0, abd != 0, (cda > 0) != (cdb > 0), cda != 0, cdb != 0 { return true }
        func within(_ p: Vertex, _ q: Vertex, _ r: Vertex) -> Bool {
            min(p.x, q.x) <= r.x && r.x <= max(p.x, q.x) && min(p.y, q.y) <= r.y && r.y <= max(p.y, q.y)
        }
        return abc == 0 && within(a, b, c) || abd == 0 && within(a, b, d)
            || cda == 0 && within(c, d, a) || cdb == 0 && within(c, d, b)
    }
}
