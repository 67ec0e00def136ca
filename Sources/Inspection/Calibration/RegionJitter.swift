import Imaging
import SegmentAnything

/// A camera's regions, each moved and stretched a little: what a fixture's play does to them.
struct RegionJitter {
    /// The most by which a region is moved, and by which it is longer or shorter, as a share of its sides.
    static let share: Float = 0.04

    private var generator: SeededGenerator

    /// - Parameter variant: one of many, each the same in every run.
    init(seed: UInt64, variant: Int) { generator = SeededGenerator(seed: seed, stream: UInt64(variant)) }

    /// - Parameter frame: what whole-frame regions become a part of, where the camera gives no reference size.
    mutating func callAsFunction(_ entry: CameraEntry, frame: PixelSize) -> CameraEntry {
        var jittered = entry
        for index in entry.regions.indices { move(&jittered.regions[index], within: entry.referenceSize ?? frame) }
        return jittered
    }

    private mutating func move(_ region: inout RegionDefinition, within size: PixelSize) {
        let width = Double(size.width), height = Double(size.height)
        let bounds = region.shape.bounds ?? Bounds(x0: 0, y0: 0, x1: width, y1: height)
        let x = axis(bounds.x0, bounds.x1), y = axis(bounds.y0, bounds.y1)
        region.shape = region.shape.mapped(from: bounds, x: x, y: y)
        // What the model is shown ends at the frame, and so do the points.
        region.points = region.points.map { point in
            Prompt.Point(
                x: Float(min(max(x(Double(point.x)), 0), width)), y: Float(min(max(y(Double(point.y)), 0), height)), label: point.label)
        }
    }

    private mutating func axis(_ low: Double, _ high: Double) -> Axis {
        let length = high - low
        return Axis(
            centre: (low + high) / 2, scale: 1 + Double(Self.share * generator.signed()),
            shift: Double(Self.share * generator.signed()) * length)
    }

    /// v ↦ centre + (v − centre) · scale + shift.
    fileprivate struct Axis {
        var centre: Double
        var scale: Double
        var shift: Double

        func callAsFunction(_ value: Double) -> Double { centre + (value - centre) * scale + shift }
    }
}

extension Shape {
    /// - Parameter bounds: what a whole frame is.
    fileprivate func mapped(from bounds: Bounds, x: RegionJitter.Axis, y: RegionJitter.Axis) -> Shape {
        switch self {
        case .frame: .box(x0: x(bounds.x0), y0: y(bounds.y0), x1: x(bounds.x1), y1: y(bounds.y1))
        case .box(let x0, let y0, let x1, let y1): .box(x0: x(x0), y0: y(y0), x1: x(x1), y1: y(y1))
        case .polygon(let polygon): .polygon(Polygon(polygon.vertices.map { .init(x: x($0.x), y: y($0.y)) }))
        case .ellipse(let cx, let cy, let rx, let ry): .ellipse(cx: x(cx), cy: y(cy), rx: rx * x.scale, ry: ry * y.scale)
        }
    }
}
