import Imaging

/// YAML nodes → camera entries. Notes every mistake and goes on; what it returns is whole only where `findings` is empty.
struct RegionFileDecoder {
    static let maxCameras = 1000
    static let maxRegions = 1000
    /// Far beyond any sensor; keeps products of coordinates exact enough.
    static let coordinates = -1_000_000.0...1_000_000.0

    var reader: NodeReader
    private(set) var warnings: [FileError.Finding] = []
    var findings: [FileError.Finding] { reader.findings }

    init(reader: NodeReader) { self.reader = reader }

    mutating func decode(_ root: NodeReader.Field) -> [CameraEntry] {
        guard let fields = reader.record(root, keys: ["version", "cameras"], required: ["version", "cameras"]) else {
            return []
        }
        if let field = fields["version"], let version = reader.integer(field, in: 0...1_000_000), version != 1 {
            reader.note(field, "version \(version) is not known here; this flawd reads version 1")
        }
        guard let field = fields["cameras"], let cameras = reader.entries(field) else { return [] }
        guard (1...Self.maxCameras).contains(cameras.count) else {
            reader.note(field, "must name 1 to \(Self.maxCameras) cameras, but names \(cameras.count)")
            return []
        }
        return cameras.compactMap { camera($0.key, $0.value) }
    }

    mutating func warn(_ field: NodeReader.Field, _ problem: String) {
        warnings.append(reader.finding(field, problem))
    }

    private mutating func camera(_ name: String, _ field: NodeReader.Field) -> CameraEntry? {
        let pattern = CameraPattern(name)
        if name.isEmpty {
            reader.note(field, "a camera's name must not be empty; `\"*\"` is every camera")
        } else if pattern == nil {
            reader.note(field, "a `*` may only stand at the end of a camera's name")
        }
        let keys = ["reference_size", "pixels_per_mm", "encode", "regions"]
        guard let fields = reader.record(field, keys: keys, required: ["regions"]) else { return nil }
        let size = fields["reference_size"].flatMap { referenceSize($0) }
        let pixelsPerMm = fields["pixels_per_mm"].flatMap { self.pixelsPerMm($0) }
        let encode = fields["encode"].map { reader.word($0, as: RegionDefinition.Encode.self) } ?? .frame
        guard let list = fields["regions"],
              let items = reader.items(list, count: 1...Self.maxRegions, of: "regions") else { return nil }

        let context = CameraContext(
            // A reference size that is there but wrong was noted; nothing is to be said of each region as well.
            size: size, hasSize: fields["reference_size"] != nil,
            pixelsPerMm: pixelsPerMm, hasPixelsPerMm: fields["pixels_per_mm"] != nil)
        var regions: [RegionDefinition] = [], seen: [String: Int] = [:]
        for item in items {
            guard let region = region(item, in: context) else { continue }
            if let line = seen[region.name] {
                reader.note(item, "name \(region.name.quotedForMessage) is already that of the region in line \(line)")
            }
            seen[region.name] = item.line
            regions.append(region)
        }
        if encode == .region, let field = fields["encode"], regions.count == items.count { check(encode: field, of: regions) }
        guard let pattern, let encode else { return nil }
        return CameraEntry(
            pattern: pattern, referenceSize: size, pixelsPerMm: pixelsPerMm, encode: encode, regions: regions)
    }

    /// `encode: region` speaks of what `view: frame` regions share.
    private mutating func check(encode field: NodeReader.Field, of regions: [RegionDefinition]) {
        let seen = regions.filter { $0.view == .frame }
        if seen.isEmpty {
            reader.note(field, "`region` is only used with `view: frame`, and no region here has it; a crop is encoded alone anyway")
        } else if let whole = seen.first(where: { $0.shape == .frame }) {
            warn(field, "`region` leaves nothing out: region \(whole.name.quotedForMessage) is the whole frame")
        }
    }

    private mutating func referenceSize(_ field: NodeReader.Field) -> PixelSize? {
        guard let items = reader.items(field, count: 2...2, of: "whole numbers [width, height]") else { return nil }
        let values = items.compactMap { reader.integer($0, in: 1...65_500) }
        return values.count == 2 ? PixelSize(width: values[0], height: values[1]) : nil
    }

    private mutating func pixelsPerMm(_ field: NodeReader.Field) -> Double? {
        guard let value = reader.number(field, in: 0...1_000_000) else { return nil }
        guard value > 0 else {
            reader.note(field, "must be above 0")
            return nil
        }
        return value
    }
}

/// What a region needs to know of its camera.
struct CameraContext {
    var size: PixelSize?
    var hasSize: Bool
    var pixelsPerMm: Double?
    var hasPixelsPerMm: Bool
}

extension YAMLKind {
    static let regions = YAMLKind(
        name: "a region file", contents: "it starts with `version: 1` and lists `cameras`", pointsAtValues: false,
        repeatedKey: { "key \($0.quotedForMessage) is given more than once here" },
        unknownKey: { _, nearest, known in
            "unknown key\(nearest.map { "; did you mean `\($0)`?" } ?? "") (known here: \(known.joined(separator: ", ")))"
        })
}
