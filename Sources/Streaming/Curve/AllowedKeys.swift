/// The public keys that may connect to what flawd binds, by name.
///
/// A file has a line for each: `NAME KEY`, and after them what it is allowed for, `publish` or `subscribe`, where that is not both.
/// Lines that begin with # are comments, and so is what follows a # after the key.
public struct AllowedKeys: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let key: CurveKey
        public let uses: Set<PeerUse>
        /// Counted from 1.
        let line: Int
    }

    public static let maxEntries = 10_000
    static let maxBytes = 1 << 20
    private static let maxNameBytes = 64

    /// In the order of the file.
    public let entries: [Entry]
    private let indices: [CurveKey: Int]

    /// Nobody is let in.
    public static let none = AllowedKeys([])

    private init(_ entries: [Entry]) {
        self.entries = entries
        indices = Dictionary(entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Throws: `CurveError` naming file and line; also when others may write the file.
    public init(path: String) throws(CurveError) {
        try self.init(text: try PrivateFile.read(path, maxBytes: Self.maxBytes, isSecret: false), file: path)
    }

    /// - Parameter file: what errors call it.
    /// - Throws: `CurveError` naming file and line.
    public init(text: String, file: String) throws(CurveError) {
        var entries: [Entry] = [], names: [String: Int] = [:], keys: [CurveKey: Int] = [:]
        for (index, line) in Self.lines(of: text).enumerated() {
            let entry: Entry?
            do { entry = try Self.entry(line, number: index + 1) } catch { throw error.at(file, index + 1) }
            guard let entry else { continue }
            if let earlier = names.updateValue(index + 1, forKey: entry.name) { throw CurveError(file: file, line: index + 1, "\(entry.name) is there already, in line \(earlier)") }
            if let earlier = keys.updateValue(index + 1, forKey: entry.key) { throw CurveError(file: file, line: index + 1, "the key of \(entry.name) is there already, in line \(earlier)") }
            entries.append(entry)
            guard entries.count <= Self.maxEntries else { throw CurveError(file: file, line: index + 1, "has more than \(Self.maxEntries) keys") }
        }
        self.init(entries)
    }

    static func lines(of text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    }

    /// nil: an empty line or a comment.
    private static func entry(_ line: Substring, number: Int) throws(CurveError) -> Entry? {
        var words = line.split { $0 == " " || $0 == "\t" }
        guard let name = words.first, !name.hasPrefix("#") else { return nil }
        if let comment = words.dropFirst(2).firstIndex(where: { $0.hasPrefix("#") }) { words.removeSubrange(comment...) }
        guard (2...3).contains(words.count) else { throw CurveError("a line is NAME KEY, or NAME KEY publish, or NAME KEY subscribe") }
        try check(name: String(name))
        let key: CurveKey
        do { key = try CurveKey(String(words[1])) } catch { throw CurveError("the key of \(name): \(error.problem)") }
        return Entry(name: String(name), key: key, uses: try uses(words.count == 3 ? words[2] : nil), line: number)
    }

    private static func uses(_ word: Substring?) throws(CurveError) -> Set<PeerUse> {
        guard let word else { return Set(PeerUse.allCases) }
        var uses: Set<PeerUse> = []
        for part in word.split(separator: ",", omittingEmptySubsequences: false) {
            guard let use = PeerUse(rawValue: String(part)) else {
                throw CurveError("a key is allowed for publish, subscribe, or publish,subscribe (which is the same as neither word)")
            }
            uses.insert(use)
        }
        return uses
    }

    public static func check(name: String) throws(CurveError) {
        let isGood = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "._-/@+".utf8.contains(byte)
            }
        }
        guard isGood, (1...maxNameBytes).contains(name.utf8.count) else {
            throw CurveError("a name has 1 to \(maxNameBytes) letters, digits and ._-/@+, without spaces")
        }
    }

    /// Whose key it is.
    public func entry(of key: CurveKey) -> Entry? { indices[key].map { entries[$0] } }

    public static func == (a: AllowedKeys, b: AllowedKeys) -> Bool { a.entries == b.entries }
}
