/// The topics of a line: `<prefix>/<line>/…`.
///
/// A camera's name keeps its slashes as levels. What MQTT does not allow in a topic (`+`, `#`, control characters, code points that are no
/// characters), `%` and the slashes after the 64th are written as `%` and two hexadecimal digits a byte, as in a URL, so that different cameras never
/// share a topic.
public struct MQTTTopics: Sendable, Equatable {
    public var prefix: String
    public var line: String

    public static let defaultPrefix = "flawd"
    /// Of levels that a camera's name becomes; brokers have a limit of their own.
    private static let maxLevels = 64
    /// Of prefix and of line.
    private static let maxBytes = 200

    /// - Throws: ``MQTTError`` naming the part that is wrong: `line` is one level, `prefix` one or more.
    public init(prefix: String = defaultPrefix, line: String) throws(MQTTError) {
        try Self.check(prefix, "the prefix")
        try Self.check(line, "the line's name")
        guard !line.contains("/") else { throw MQTTError("the line's name has no /: it is one level of the topics") }
        guard !prefix.hasPrefix("$") else { throw MQTTError("topics that begin with $ are the broker's own") }
        guard !prefix.hasPrefix("/"), !prefix.hasSuffix("/") else { throw MQTTError("the prefix neither begins nor ends with /") }
        self.prefix = prefix
        self.line = line
    }

    private static func check(_ text: String, _ what: String) throws(MQTTError) {
        guard (1...maxBytes).contains(text.utf8.count), text.unicodeScalars.allSatisfy({ isPlain($0) }) else {
            throw MQTTError("\(what) has 1 to \(maxBytes) bytes, none of them +, # or a control character")
        }
    }

    /// Retained: whether flawd is there.
    public var status: String { "\(prefix)/\(line)/status" }
    /// Ranges of events that left the journal before the broker took them.
    public var gone: String { "\(prefix)/\(line)/gone" }

    public func verdict(of camera: String) -> String { "\(prefix)/\(line)/\(Self.levels(of: camera))/verdict" }
    public func missing(of camera: String) -> String { "\(prefix)/\(line)/\(Self.levels(of: camera))/missing" }
    /// Retained: the latest verdict in short.
    public func state(of camera: String) -> String { "\(prefix)/\(line)/\(Self.levels(of: camera))/state" }

    /// A camera's name as a part of a topic.
    static func levels(of camera: String) -> String {
        var levels = "", slashes = 0
        for scalar in camera.unicodeScalars {
            if scalar == "/" { slashes += 1 }
            if isPlain(scalar), scalar != "%", scalar != "/" || slashes < maxLevels {
                levels.unicodeScalars.append(scalar)
            } else {
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { levels += "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))" }
            }
        }
        return levels
    }

    /// Whether a topic's name may have the character.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2B, 0x23, 0..<0x20, 0x7F...0x9F, 0xFDD0...0xFDEF: false
        default: scalar.value & 0xFFFE != 0xFFFE
        }
    }
}
