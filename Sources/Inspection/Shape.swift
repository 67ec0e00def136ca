/// Where a region lies, in continuous pixels: 0 is the frame's left or top edge, the width its right edge.
enum Shape: Equatable, Sendable {
    case box(x0: Double, y0: Double, x1: Double, y1: Double)
    case polygon(Polygon)
    case ellipse(cx: Double, cy: Double, rx: Double, ry: Double)
    case frame

    /// The smallest upright rectangle around the shape; nil for the whole frame.
    var bounds: Bounds? {
        switch self {
        case .box(let x0, let y0, let x1, let y1): Bounds(x0: x0, y0: y0, x1: x1, y1: y1)
        case .polygon(let polygon): polygon.bounds
        case .ellipse(let cx, let cy, let rx, let ry): Bounds(x0: cx - rx, y0: cy - ry, x1: cx + rx, y1: cy + ry)
        case .frame: nil
        }
    }

    func scaled(x sx: Double, y sy: Double) -> Shape {
        switch self {
        case .box(let x0, let y0, let x1, let y1): .box(x0: x0 * sx, y0: y0 * sy, x1: x1 * sx, y1: y1 * sy)
        case .polygon(let polygon): .polygon(Polygon(polygon.vertices.map { .init(x: $0.x * sx, y: $0.y * sy) }))
        case .ellipse(let cx, let cy, let rx, let ry): .ellipse(cx: cx * sx, cy: cy * sy, rx: rx * sx, ry: ry * sy)
        case .frame: .frame
        }
    }

    /// Whether a point lies inside (a polygon by the even-odd rule).
    func contains(x: Double, y: Double) -> Bool {
        switch self {
        case .box(let x0, let y0, let x1, let y1): x >= x0 && x <= x1 && y >= y0 && y <= y1
        case .polygon(let polygon): polygon.contains(.init(x: x, y: y))
        case .ellipse(let cx, let cy, let rx, let ry):
            (x - cx) / rx * ((x - cx) / rx) + (y - cy) / ry * ((y - cy) / ry) <= 1
        case .frame: true
        }
    }

    /// Whether any of the shape's area lies inside the rectangle from (0, 0) to (width, height).
    func meets(width: Double, height: Double) -> Bool {
        switch self {
        case .frame: return true
        case .box(let x0, let y0, let x1, let y1): return x0 < width && y0 < height && x1 > 0 && y1 > 0
        case .polygon(let polygon): return polygon.area(within: Bounds(x0: 0, y0: 0, x1: width, y1: height)) > 0
        case .ellipse(let cx, let cy, let rx, let ry):
            // The frame's point nearest to the centre, in units of the radii.
            let dx = (min(max(cx, 0), width) - cx) / rx, dy = (min(max(cy, 0), height) - cy) / ry
            return dx * dx + dy * dy < 1
        }
    }
}

/// An upright rectangle in continuous pixels.
struct Bounds: Equatable, Sendable {
    var x0: Double
    var y0: Double
    var x1: Double
    var y1: Double

    var area: Double { max(0, x1 - x0) * max(0, y1 - y0) }

    func clipped(width: Double, height: Double) -> Bounds {
        Bounds(x0: max(0, x0), y0: max(0, y0), x1: min(width, x1), y1: min(height, y1))
    }

    func isInside(width: Double, height: Double) -> Bool { x0 >= 0 && y0 >= 0 && x1 <= width && y1 <= height }
}
