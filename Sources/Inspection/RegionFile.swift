import Imaging
import SelfPerception

/// A region-of-interest file, decoded and validated.
public struct RegionFile: Sendable {
    /// SHA-256 of the file's bytes.
    public let revision: String
    /// What is accepted but may not be meant, as `file:line: key: …`; for `flawd check` and the log.
    public let warnings: [String]
    /// The file, byte for byte.
    public let bytes: [UInt8]
    let entries: [CameraEntry]

    /// Reads and validates a file. Errors name file, line, key, what is wrong and what would be right.
    public init(path: String) throws(FileError) {
        try self.init(source: YAMLSource(path: path, kind: .regions))
    }

    /// - Parameter name: what messages call the file.
    public init(yaml: String, name: String) throws(FileError) {
        try self.init(bytes: Array(yaml.utf8), name: name)
    }

    /// - Parameter name: what messages call the file.
    public init(bytes: [UInt8], name: String) throws(FileError) {
        try self.init(source: YAMLSource(bytes: bytes, name: name, kind: .regions))
    }

    init(source: YAMLSource) throws(FileError) {
        var decoder = RegionFileDecoder(reader: NodeReader(source))
        let entries = decoder.decode(try source.compose())
        guard decoder.findings.isEmpty else {
            throw FileError(decoder.findings)
        }
        self.entries = entries
        revision = source.revision
        bytes = source.bytes
        warnings = decoder.warnings.map(\.description)
    }

    /// The camera names and prefixes that the file has regions for, as written.
    /// Whether any entry is meant for this camera.
    public func knows(camera: String) -> Bool { entries.contains { $0.pattern.rank(for: camera) != nil } }

    public var cameras: [String] { entries.map(\.pattern.text) }

    /// The camera's regions for frames of one size, resolved to pixels; nil when no entry matches the camera.
    ///
    /// An exact name is preferred to every prefix, and a longer prefix to a shorter one.
    public func plan(camera: String, frame: PixelSize) -> InspectionPlan? {
        guard frame.width > 0, frame.height > 0 else { return nil }
        return entry(of: camera).map { InspectionPlan(entry: $0, frame: frame, revision: revision) }
    }

    /// The entry whose name or prefix is written so.
    func entry(written pattern: String) -> CameraEntry? { entries.first { $0.pattern.text == pattern } }

    /// The entry that counts for a camera.
    func entry(of camera: String) -> CameraEntry? {
        var best: (rank: Int, entry: CameraEntry)?
        for entry in entries {
            if let rank = entry.pattern.rank(for: camera), rank > best?.rank ?? -1 { best = (rank, entry) }
        }
        return best?.entry
    }
}
