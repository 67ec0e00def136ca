/// A closed outline along pixel edges: straight lines between pixel corners, the last point joined to the first.
///
/// Lines on one direction are merged. The part's pixels lie to the right of the way, so on the screen (y down) an outer
/// outline runs clockwise and a hole's runs against it; the `signedArea`s of all outlines of a part add up to its pixels.
public struct Contour: Hashable, Sendable {
    public let points: [PixelPoint]
    public let isHole: Bool

    /// Half the sum of x₁·y₂ − x₂·y₁ over the edges (the shoelace formula): positive for an outer outline.
    public var signedArea: Int {
        var sum = 0
        for (index, a) in points.enumerated() {
            let b = points[index + 1 == points.count ? 0 : index + 1]
            sum += a.x * b.y - b.x * a.y
        }
        return sum / 2
    }
}

/// Traces the outlines of components; one object serves many, in a buffer that is kept.
///
/// Every closed outline has an edge that runs to the right along the top of a pixel of the part. Such edges are visited
/// in reading order, and each one not yet passed starts an outline. At a corner where two pixels of the part touch only
/// diagonally the way turns left, which keeps them in one outline, as 8-connectivity asks.
public struct ContourTracer: Sendable {
    /// One byte per pixel of the component's bounding box: its top edge was passed.
    private var passed: [Bool] = []

    public init() {}

    /// The component's outer outline first, then those of its holes.
    /// - Precondition: `component` belongs to the mask that `labeller` saw last.
    public mutating func contours(of component: Component, in labeller: ComponentLabeller) -> [Contour] {
        let bounds = component.bounds
        passed.removeAll(keepingCapacity: true)
        passed.append(contentsOf: repeatElement(false, count: bounds.size.area))
        var contours: [Contour] = []
        let part = Part(label: Int32(component.label), bounds: bounds, labels: labeller.labels, size: labeller.size)
        for run in labeller.runs(of: component) {
            for x in run.columns where !part.contains(x, run.row - 1) {
                if passed[part.index(x, run.row)] { continue }
                // The first edge in reading order lies on the outer outline, every other start on a hole.
                let points = trace(part, fromX: x, y: run.row)
                contours.append(Contour(points: points, isHole: !contours.isEmpty))
            }
        }
        return contours
    }

    fileprivate enum Direction { case right, down, left, up }

    private mutating func trace(_ part: Part, fromX startX: Int, y startY: Int) -> [PixelPoint] {
        var points: [PixelPoint] = []
        var (x, y, direction) = (startX, startY, Direction.right)
        repeat {
            // One edge on; then the two pixels that lie ahead of the corner, on the left and right of the way.
            let left: Bool, right: Bool
            switch direction {
            case .right:
                passed[part.index(x, y)] = true
                x += 1
                (left, right) = (part.contains(x, y - 1), part.contains(x, y))
            case .down:
                y += 1
                (left, right) = (part.contains(x, y), part.contains(x - 1, y))
            case .left:
                x -= 1
                (left, right) = (part.contains(x - 1, y), part.contains(x - 1, y - 1))
            case .up:
                y -= 1
                (left, right) = (part.contains(x - 1, y - 1), part.contains(x, y - 1))
            }
            if left {
                direction = direction.turnedLeft
            } else if !right {
                direction = direction.turnedRight
            } else {
                continue
            }
            points.append(PixelPoint(x: x, y: y))
        } while x != startX || y != startY || direction != .right
        return points
    }
}

extension ContourTracer.Direction {
    fileprivate var turnedLeft: Self {
        switch self {
        case .right: .up
        case .up: .left
        case .left: .down
        case .down: .right
        }
    }

    fileprivate var turnedRight: Self {
        switch self {
        case .right: .down
        case .down: .left
        case .left: .up
        case .up: .right
        }
    }
}

/// The pixels of one label.
private struct Part {
    let label: Int32
    let bounds: PixelRect
    let labels: [Int32]
    let size: PixelSize

    func contains(_ x: Int, _ y: Int) -> Bool {
        guard x >= bounds.x, y >= bounds.y, x < bounds.maxX, y < bounds.maxY else { return false }
        return labels[y * size.width + x] == label
    }

    func index(_ x: Int, _ y: Int) -> Int { (y - bounds.y) * bounds.width + x - bounds.x }
}
