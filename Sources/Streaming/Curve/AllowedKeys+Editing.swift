import Foundation

extension AllowedKeys {
    /// The text of a file with one key more, at its end; everything else stays as it is.
    ///
    /// - Parameter file: what errors call it.
    /// - Throws: `CurveError` when the file is not usable, or the name or key is there already.
    public static func text(_ text: String, adding name: String, key: CurveKey, uses: Set<PeerUse>, file: String) throws(CurveError) -> String {
        do { try check(name: name) } catch { throw CurveError(file: file, "\(name.debugDescription) cannot be added: \(error.problem)") }
        let known = try AllowedKeys(text: text, file: file)
        if let entry = known.entries.first(where: { $0.name == name }) {
            throw CurveError(file: file, line: entry.line, "\(name) is there already; revoke it first, or choose another name")
        }
        if let entry = known.entry(of: key) { throw CurveError(file: file, line: entry.line, "this key is there already, as \(entry.name)") }
        guard known.entries.count < maxEntries else { throw CurveError(file: file, "has \(maxEntries) keys already; that is the most") }
        let words = uses == Set(PeerUse.allCases) ? "" : " " + uses.map(\.rawValue).sorted().joined(separator: ",")
        let separator = text.isEmpty || text.hasSuffix("\n") || text.hasSuffix("\r\n") ? "" : "\n"
        return "\(text)\(separator)\(name) \(key)\(words)\n"
    }

    /// The text of a file without a key's line; everything else stays as it is.
    ///
    /// - Throws: `CurveError` when the file is not usable or does not have the name.
    public static func text(_ text: String, revoking name: String, file: String) throws(CurveError) -> String {
        let known = try AllowedKeys(text: text, file: file)
        guard let entry = known.entries.first(where: { $0.name == name }) else {
            let names = known.entries.prefix(20).map(\.name).joined(separator: ", ")
            throw CurveError(file: file, "has no key named \(name.debugDescription); it has \(names.isEmpty ? "none" : names)\(known.entries.count > 20 ? ", …" : "")")
        }
        let lines = lines(of: text)
        let end = entry.line < lines.count ? lines[entry.line].startIndex : text.endIndex
        return String(text[..<lines[entry.line - 1].startIndex] + text[end...])
    }

    /// The text of a file of keys, for editing; empty where there is none yet.
    ///
    /// - Throws: `CurveError` naming the file.
    public static func fileText(path: String) throws(CurveError) -> String {
        var status = stat()
        if stat(path, &status) != 0, errno == ENOENT { return "" }
        return try PrivateFile.read(path, maxBytes: maxBytes, isSecret: false)
    }
}
