import Foundation
import Imaging
import SegmentAnything
import Synchronization

/// One camera's regions at one frame size: rectangles, shape masks, prompts and limits. Made once and reused.
///
/// A `view: crop` region is encoded alone: the bounding rectangle of its shape, clipped to the frame and widened to whole
/// pixels, which is resized to the model's own input size, 512×512 for nano: SPT models and nano stretch it in both directions
/// independently, a plain SAM keeps its proportions and pads it. So a crop smaller than the input is enlarged and detail that
/// the camera saw is not lost; a crop enlarged more than some eight times shows the model mostly interpolation, and
/// `view: frame` serves it as well.
/// A `view: frame` region is asked about within the whole frame, which is encoded once for all such regions.
/// With `encode: region` only those windows of it are encoded that one of them touches, if the model can.
public final class InspectionPlan: Sendable {
    /// A shape to draw: a closed line through these points, in pixels of the frame.
    public struct Outline: Sendable {
        public var name: String
        public var points: [(x: Double, y: Double)]
    }

    public let frame: PixelSize
    /// Of the file that the plan was made from.
    public let revision: String
    let regions: [PlannedRegion]
    let groups: [DisplayGroup]
    let camera: CameraEntry
    private let cellTables = Mutex<[GridKey: CellTable]>([:])

    private struct GridKey: Hashable {
        var grid: PixelSize
        var layout: InputLayout
    }

    init(entry: CameraEntry, frame: PixelSize, revision: String) {
        self.frame = frame
        self.revision = revision
        camera = entry
        let scale = entry.referenceSize.map { size in
            (x: Double(frame.width) / Double(size.width), y: Double(frame.height) / Double(size.height))
        } ?? (x: 1, y: 1)
        regions = entry.regions.map { PlannedRegion($0, pixelsPerMm: entry.pixelsPerMm, frame: frame, scale: scale) }
        groups = DisplayGroup.groups(of: regions, encode: entry.encode)
    }

    /// One prompt about a whole picture, with the limits that regions have by default.
    ///
    /// - Precondition: the frame is not empty.
    public init(asking prompt: Prompt, frame: PixelSize) {
        precondition(frame.width > 0 && frame.height > 0)
        self.frame = frame
        revision = ""
        camera = CameraEntry(pattern: .exact("picture"), referenceSize: nil, pixelsPerMm: nil, regions: [])
        regions = [PlannedRegion(asking: prompt, frame: frame)]
        groups = DisplayGroup.groups(of: regions, encode: .frame)
    }

    /// The regions' shapes, in the order of the file.
    public var outlines: [Outline] {
        regions.map { Outline(name: $0.name, points: $0.shape.outline(in: frame)) }
    }

    /// Which cells of the model's mask grid belong to each region. Made at the first frame, then shared by all workers.
    func cells(of grid: PixelSize, layout: InputLayout) -> CellTable {
        cellTables.withLock { tables in
            let key = GridKey(grid: grid, layout: layout)
            if let table = tables[key] { return table }
            let table = CellTable(regions: regions, grid: grid, layout: layout)
            tables[key] = table
            return table
        }
    }
}

extension Shape {
    /// Points on the outline, for drawing.
    fileprivate func outline(in frame: PixelSize) -> [(x: Double, y: Double)] {
        func corners(_ b: Bounds) -> [(x: Double, y: Double)] {
            [(b.x0, b.y0), (b.x1, b.y0), (b.x1, b.y1), (b.x0, b.y1)]
        }
        switch self {
        case .frame:
            return corners(Bounds(x0: 0, y0: 0, x1: Double(frame.width), y1: Double(frame.height)))
        case .box:
            return bounds.map(corners) ?? []
        case .polygon(let polygon):
            return polygon.vertices.map { ($0.x, $0.y) }
        case .ellipse(let cx, let cy, let rx, let ry):
            return (0..<96).map { step in
                let angle = Double(step) / 96 * 2 * Double.pi
                return (cx + rx * cos(angle), cy + ry * sin(angle))
            }
        }
    }
}
