import Foundation
import SegmentAnything
import Streaming

/// Who may change things over HTTP. A file has a line for each: a name, and the SHA-256 of a token that flawd made up and showed once.
/// A token has 256 random bits, so its hash gives nothing away and needs no salt.
public struct AccessTokens: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let name: String
        let hash: String
        /// Counted from 1.
        let line: Int
    }

    private static let maxBytes = 1 << 20, maxEntries = 1000
    private static let prefix = "flawd_"

    /// In the order of the file.
    public let entries: [Entry]

    /// - Throws: `CurveError` naming file and line; also when others may write the file.
    public init(path: String) throws(CurveError) {
        try self.init(text: try PrivateFile.read(path, maxBytes: Self.maxBytes, isSecret: false), file: path)
    }

    /// - Parameter file: what errors call it.
    public init(text: String, file: String) throws(CurveError) {
        var entries: [Entry] = []
        for (index, line) in Self.lines(of: text).enumerated() {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard let name = words.first, !name.hasPrefix("#") else { continue }
            guard words.count == 2, words[1].count == 64, words[1].allSatisfy({ $0.isASCII && $0.isHexDigit && !$0.isUppercase }) else {
                throw CurveError(file: file, line: index + 1, "a line is NAME HASH, as flawd tokens add writes it")
            }
            do { try AllowedKeys.check(name: String(name)) } catch { throw CurveError(file: file, line: index + 1, error.problem) }
            guard !entries.contains(where: { $0.name == name }) else { throw CurveError(file: file, line: index + 1, "\(name) is there already") }
            guard entries.count < Self.maxEntries else { throw CurveError(file: file, line: index + 1, "has more than \(Self.maxEntries) tokens") }
            entries.append(Entry(name: String(name), hash: String(words[1]), line: index + 1))
        }
        self.entries = entries
    }

    private static func lines(of text: String) -> [Substring] { text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" } }

    /// Whose token it is; nil: nobody's.
    public func entry(of token: String) -> Entry? {
        let hash = Self.hash(token)
        return entries.first { $0.hash == hash }
    }

    /// Nobody has one.
    public static let none = AccessTokens()

    private init() { entries = [] }

    private static func hash(_ token: String) -> String { Array(token.utf8).withUnsafeBytes { ContentHash.sha256($0) } }

    // MARK: Editing

    /// A new token: 256 random bits.
    public static func makeToken() -> String {
        var random = SystemRandomNumberGenerator()
        let digits = (0..<4).map { _ in
            let text = String(random.next(), radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return prefix + digits.joined()
    }

    /// The text of a file with one token more; everything else stays as it is.
    ///
    /// - Throws: `CurveError` when the file is not usable, or the name is there already or no name.
    public static func text(_ text: String, adding name: String, token: String, file: String) throws(CurveError) -> String {
        do { try AllowedKeys.check(name: name) } catch { throw CurveError(file: file, "\(name.debugDescription) cannot be added: \(error.problem)") }
        let known = try AccessTokens(text: text, file: file)
        if let entry = known.entries.first(where: { $0.name == name }) {
            throw CurveError(file: file, line: entry.line, "\(name) is there already; revoke it first, or choose another name")
        }
        return text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + "\(name) \(hash(token))\n"
    }

    /// The text of a file without a name's line.
    ///
    /// - Throws: `CurveError` when the file is not usable or does not have the name.
    public static func text(_ text: String, revoking name: String, file: String) throws(CurveError) -> String {
        let known = try AccessTokens(text: text, file: file)
        guard let entry = known.entries.first(where: { $0.name == name }) else {
            let names = known.entries.prefix(20).map(\.name).joined(separator: ", ")
            throw CurveError(file: file, "has no token named \(name.debugDescription); it has \(names.isEmpty ? "none" : names)")
        }
        var lines = lines(of: text)
        lines.remove(at: entry.line - 1)
        return lines.joined(separator: "\n")
    }

    /// The text of a file of tokens, for editing; empty where there is none yet.
    public static func fileText(path: String) throws(CurveError) -> String { try AllowedKeys.fileText(path: path) }
}
