/// Everything that is wrong with a file that a person wrote, in the order of its lines.
public struct FileError: Error, CustomStringConvertible, Sendable {
    /// One thing that is wrong.
    public struct Finding: Sendable, Hashable, Encodable, CustomStringConvertible {
        public var file: String
        /// Counted from 1; nil where the problem belongs to the file as a whole.
        public var line: Int?
        /// Counted from 1; nil where the line says enough.
        public var column: Int?
        /// Where in the file, as `cameras.line1/top.regions[0].limits`; empty for the file as a whole.
        public var key: String
        /// What is wrong and what would be right.
        public var problem: String

        public init(file: String, line: Int? = nil, column: Int? = nil, key: String = "", problem: String) {
            self.file = file
            self.line = line
            self.column = column
            self.key = key
            self.problem = problem
        }

        /// `regions.yaml:7: cameras.top.regions[0].limits: …`.
        public var description: String {
            var place = file
            if let line { place += ":\(line)" }
            if line != nil, let column { place += ":\(column)" }
            return key.isEmpty ? "\(place): \(problem)" : "\(place): \(key): \(problem)"
        }
    }

    public let findings: [Finding]
    /// Findings beyond the first `maxFindings`, which are only counted.
    public let omitted: Int

    static let maxFindings = 100

    /// - Parameter findings: at least one, all of the same file.
    public init(_ findings: [Finding]) {
        let sorted = findings.enumerated()
            .sorted { ($0.element.line ?? 0, $0.element.column ?? 0, $0.offset) < ($1.element.line ?? 0, $1.element.column ?? 0, $1.offset) }
            .map(\.element)
        self.findings = Array(sorted.prefix(Self.maxFindings))
        omitted = max(0, sorted.count - Self.maxFindings)
    }

    init(file: String, line: Int? = nil, _ problem: String) {
        self.init([Finding(file: file, line: line, key: "", problem: problem)])
    }

    /// One line per finding.
    public var description: String {
        var lines = findings.map(\.description)
        if omitted > 0, let file = findings.first?.file { lines.append("\(file): … and \(omitted) more") }
        return lines.joined(separator: "\n")
    }
}

extension String {
    var quotedForMessage: String { "`\(shownInMessage)`" }

    /// Outside text as it may appear in a message: cut to a readable length, control characters made visible so that a
    /// file cannot write to somebody's terminal.
    public var shownInMessage: String {
        var shown = ""
        for (index, scalar) in unicodeScalars.enumerated() {
            if index == 60 {
                shown += "…"
                break
            }
            let hidden = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
            shown += hidden ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        return shown
    }
}
