/// Which cameras an entry of the region file or of the configuration is about.
public enum CameraPattern: Hashable, Sendable {
    case exact(String)
    /// Every camera whose name starts so; written with a `*` at the end.
    case prefix(String)

    /// nil when a `*` stands anywhere but at the end.
    public init?(_ text: String) {
        if text.hasSuffix("*") {
            self = .prefix(String(text.dropLast()))
            if text.dropLast().contains("*") { return nil }
        } else {
            self = .exact(text)
            if text.contains("*") { return nil }
        }
    }

    /// How well the pattern matches a camera: nil not at all; the higher the closer. Exact beats every prefix, and a
    /// longer prefix beats a shorter one.
    public func rank(for camera: String) -> Int? {
        switch self {
        case .exact(let name): name == camera ? Int.max : nil
        case .prefix(let prefix): camera.utf8.starts(with: prefix.utf8) ? prefix.utf8.count : nil
        }
    }

    /// Whether there can be a camera that both this and another pattern, given as text, are about.
    public func overlaps(_ other: String) -> Bool {
        switch (self, CameraPattern(other)) {
        case (.prefix(let one), .prefix(let two)?): one.hasPrefix(two) || two.hasPrefix(one)
        case (_, .exact(let name)?): rank(for: name) != nil
        case (.exact(let name), let other?): other.rank(for: name) != nil
        case (_, nil): false
        }
    }

    public var text: String {
        switch self {
        case .exact(let name): name
        case .prefix(let prefix): prefix + "*"
        }
    }
}
