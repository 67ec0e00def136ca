/// Which cameras an entry of the region file is about.
enum CameraPattern: Hashable, Sendable {
    case exact(String)
    /// Every camera whose name starts so; written with a `*` at the end.
    case prefix(String)

    /// nil when a `*` stands anywhere but at the end.
    init?(_ text: String) {
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
    func rank(for camera: String) -> Int? {
        switch self {
        case .exact(let name): name == camera ? Int.max : nil
        case .prefix(let prefix): camera.utf8.starts(with: prefix.utf8) ? prefix.utf8.count : nil
        }
    }

    var text: String {
        switch self {
        case .exact(let name): name
        case .prefix(let prefix): prefix + "*"
        }
    }
}
