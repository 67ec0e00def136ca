import Imaging
import SegmentAnything

/// One camera's entry of a region file as JSON has it: keys and values are the file's own, so that what is read here can be posted back and
/// decoded by the file's own rules. What an entry leaves out is nil, and limits are those in force.
public struct RegionDocument: Sendable, Encodable, Equatable {
    public struct Region: Sendable, Encodable, Equatable {
        public var name: String
        public var shape: Shape
        public var prompt: String
        public var points: [[Double]]?
        public var grid: Grid?
        public var view: String
        public var limits: Limits
    }

    /// Exactly one of them is set.
    public struct Shape: Sendable, Encodable, Equatable {
        public var box: [Double]?
        public var polygon: [[Double]]?
        public var ellipse: [Double]?
        public var frame: Bool?
    }

    public struct Grid: Sendable, Encodable, Equatable {
        public var columns: Int
        public var rows: Int
    }

    public struct Limits: Sendable, Encodable, Equatable {
        public var failScore: Double
        public var reviewScore: Double
        public var maxDefects: Int?
        public var minAreaPx: Double?
        public var minAreaMm2: Double?
        public var maxAreaPx: Double?
        public var maxAreaMm2: Double?
        public var minAgreement: Double?

        enum CodingKeys: String, CodingKey {
            case failScore = "fail_score"
            case reviewScore = "review_score"
            case maxDefects = "max_defects"
            case minAreaPx = "min_area_px"
            case minAreaMm2 = "min_area_mm2"
            case maxAreaPx = "max_area_px"
            case maxAreaMm2 = "max_area_mm2"
            case minAgreement = "min_agreement"
        }
    }

    /// The camera's name, or a prefix ending in `*`, as written.
    public var camera: String
    public var referenceSize: [Int]?
    public var pixelsPerMm: Double?
    public var encode: String?
    public var regions: [Region]

    enum CodingKeys: String, CodingKey {
        case camera, encode, regions
        case referenceSize = "reference_size"
        case pixelsPerMm = "pixels_per_mm"
    }

    init(_ entry: CameraEntry) {
        camera = entry.pattern.text
        referenceSize = entry.referenceSize.map { [$0.width, $0.height] }
        pixelsPerMm = entry.pixelsPerMm
        encode = entry.encode == .frame ? nil : entry.encode.rawValue
        regions = entry.regions.map(Region.init)
    }
}

extension RegionDocument.Region {
    fileprivate init(_ region: RegionDefinition) {
        name = region.name
        shape = .init(region.shape)
        prompt = region.prompt.rawValue
        points = region.points.isEmpty ? nil : region.points.map { [Double($0.x), Double($0.y), Double($0.label.rawValue)] }
        grid = region.prompt == .grid ? .init(columns: region.grid.columns, rows: region.grid.rows) : nil
        view = region.view.rawValue
        limits = .init(region.limits)
    }
}

extension RegionDocument.Shape {
    fileprivate init(_ shape: Shape) {
        switch shape {
        case .box(let x0, let y0, let x1, let y1): box = [x0, y0, x1, y1]
        case .polygon(let outline): polygon = outline.vertices.map { [$0.x, $0.y] }
        case .ellipse(let cx, let cy, let rx, let ry): ellipse = [cx, cy, rx, ry]
        case .frame: frame = true
        }
    }
}

extension RegionDocument.Limits {
    fileprivate init(_ limits: Limits) {
        failScore = limits.failScore
        reviewScore = limits.reviewScore
        maxDefects = limits.maxDefects == 0 ? nil : limits.maxDefects
        minAgreement = limits.minAgreement
        switch limits.minArea {
        case .px(let area): minAreaPx = area
        case .mm2(let area): minAreaMm2 = area
        case nil: break
        }
        switch limits.maxArea {
        case .px(let area): maxAreaPx = area
        case .mm2(let area): maxAreaMm2 = area
        case nil: break
        }
    }
}

extension RegionFile {
    /// Every entry, in the order of the file.
    public var documents: [RegionDocument] { entries.map(RegionDocument.init) }

    /// The entry that counts for a camera; nil: none does.
    public func document(of camera: String) -> RegionDocument? { entry(of: camera).map(RegionDocument.init) }

    /// A file with one entry, written as JSON: a region file is YAML, of which JSON is a part.
    ///
    /// - Parameters:
    ///   - entry: a JSON object with the keys of a camera's entry.
    ///   - name: what messages call it.
    /// - Throws: `FileError` with the key of everything that is wrong: `cameras.NAME.regions[0].limits`.
    public init(camera: String, entry: [UInt8], name: String) throws(FileError) {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("version")
            writer.integer(1)
            writer.key("cameras")
            writer.object { writer in
                writer.key(camera)
                writer.raw(String(decoding: entry, as: UTF8.self))
            }
        }
        try self.init(bytes: writer.bytes, name: name)
    }
}
