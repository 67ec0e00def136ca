import Foundation
import SegmentAnything
import Yams

/// Puts limits into the text of a region file where they stand: comments, order and style of everything else stay as they are.
///
/// Values are found by the places that the YAML parser noted. What comes out is decoded again and has to be the file with
/// the new limits and nothing else; a file that is written in a way that cannot be edited so is refused.
struct RegionFileEditor {
    /// What lines that an earlier calibration left begin with.
    static let mark = "# calibrate:"

    private let source: YAMLSource
    private let newline: String
    /// Scalars of the text, which is how the parser counts columns.
    private var text: [Unicode.Scalar]
    /// Where each line begins.
    private let lineStarts: [Int]
    private var edits: [Edit] = []
    /// Several regions may begin in one line.
    private var commented: Set<Int> = []

    private struct Edit {
        var offset: Int
        var removed: Int
        var inserted: String
    }

    init(_ source: YAMLSource) {
        self.source = source
        text = Array(source.text.unicodeScalars)
        newline = source.text.unicodeScalars.contains("\r") ? "\r\n" : "\n"
        var starts = [0]
        for index in text.indices where Self.endsLine(text, index) { starts.append(index + 1) }
        lineStarts = starts
    }

    /// - Parameters:
    ///   - camera: the entry's name or prefix, as written.
    ///   - limits: by region name.
    ///   - comments: lines above each of these regions.
    /// - Returns: the whole file.
    mutating func file(with limits: [String: Limits], camera: String, comments: [String]) throws(FileError) -> String {
        let root = try source.compose().node
        guard let regions = root.entry("cameras")?.value.entry(camera)?.value.entry("regions")?.value.sequence else { throw refused }
        for node in regions {
            guard let region = node.mapping, let name = node.entry("name")?.value.scalar?.string else { throw refused }
            guard let limits = limits[name] else { continue }
            try edit(region, limits)
            try comment(above: region, comments)
        }
        for edit in edits.sorted(by: { ($0.offset, $0.removed) > ($1.offset, $1.removed) }) {
            text.replaceSubrange(edit.offset..<edit.offset + edit.removed, with: edit.inserted.unicodeScalars)
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text)
        try check(String(result), limits, camera)
        return (source.hasByteOrderMark ? "\u{FEFF}" : "") + String(result)
    }

    private mutating func edit(_ region: Node.Mapping, _ limits: Limits) throws(FileError) {
        let values = limits.entries
        guard let node = region.entry("limits")?.value else {
            let all = values.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
            // Before the second key: the first often shares its line with the dash.
            return try insert(["limits: {\(all)}"], into: region, beforeKey: min(1, region.count - 1))
        }
        guard let mapping = node.mapping else { throw refused }
        var missing: [String] = []
        for (key, value) in values {
            guard let old = mapping.entry(key)?.value else {
                missing.append("\(key): \(value)")
                continue
            }
            guard let scalar = old.scalar, let offset = offset(of: old.mark) else { throw refused }
            let length = scalar.string.unicodeScalars.count
            guard text[offset...].prefix(length).elementsEqual(scalar.string.unicodeScalars) else { throw refused }
            // A value that means the same stays as somebody wrote it.
            if Double(scalar.string) != Double(value) { edits.append(Edit(offset: offset, removed: length, inserted: value)) }
        }
        guard !missing.isEmpty else { return }
        if mapping.isEmpty {
            guard let offset = offset(of: node.mark) else { throw refused }
            edits.append(Edit(offset: offset + 1, removed: 0, inserted: missing.joined(separator: ", ")))
        } else {
            try insert(missing, into: mapping, beforeKey: 0)
        }
    }

    private mutating func insert(_ entries: [String], into mapping: Node.Mapping, beforeKey index: Int) throws(FileError) {
        guard let mark = mapping.dropFirst(index).first?.key.mark, let offset = offset(of: mark) else { throw refused }
        let end = isFlow(mapping) ? ", " : newline + String(repeating: " ", count: mark.column - 1)
        edits.append(Edit(offset: offset, removed: 0, inserted: entries.map { $0 + end }.joined()))
    }

    /// Whether the mapping is written in braces. The parser's own note of the style is taken from where the mapping ends.
    private func isFlow(_ mapping: Node.Mapping) -> Bool { offset(of: mapping.mark).map { text[$0] == "{" } ?? false }

    /// Lines above the one that the region begins in, in place of those of an earlier calibration.
    private mutating func comment(above region: Node.Mapping, _ comments: [String]) throws(FileError) {
        guard let mark = region.mark, lineStarts.indices.contains(mark.line - 1) else { throw refused }
        let line = mark.line - 1, start = lineStarts[line]
        guard commented.insert(line).inserted else { return }
        let indent = String(String.UnicodeScalarView(text[start...].prefix { $0 == " " }))
        var first = line
        while first > 0, self.line(first - 1).hasPrefix(Self.mark) { first -= 1 }
        let lines = comments.map { "\(indent)\(Self.mark) \($0)\(newline)" }.joined()
        edits.append(Edit(offset: lineStarts[first], removed: start - lineStarts[first], inserted: lines))
    }

    /// Without the indentation.
    private func line(_ index: Int) -> String {
        String(String.UnicodeScalarView(text[lineStarts[index]..<lineStarts[index + 1]].drop { $0 == " " }))
    }

    /// The new file is the old one with the new limits.
    private func check(_ text: String, _ limits: [String: Limits], _ camera: String) throws(FileError) {
        let old = try RegionFile(source: source)
        let new: RegionFile
        do { new = try RegionFile(yaml: text, name: source.name) } catch { throw refused }
        let expected = old.entries.map { entry in
            guard entry.pattern.text == camera else { return entry }
            var entry = entry
            for index in entry.regions.indices {
                if let limits = limits[entry.regions[index].name] { entry.regions[index].limits = limits }
            }
            return entry
        }
        guard new.entries == expected else { throw refused }
    }

    private func offset(of mark: Mark?) -> Int? {
        guard let mark, lineStarts.indices.contains(mark.line - 1) else { return nil }
        let offset = lineStarts[mark.line - 1] + mark.column - 1
        return offset < text.count ? offset : nil
    }

    private var refused: FileError {
        FileError(file: source.name, "is not written in a way that limits can be put into; write each region on lines of its own, as in the examples")
    }

    /// As YAML 1.1, which the parser follows.
    private static func endsLine(_ text: [Unicode.Scalar], _ index: Int) -> Bool {
        switch text[index] {
        case "\n", "\u{85}", "\u{2028}", "\u{2029}": true
        case "\r": index + 1 == text.count || text[index + 1] != "\n"
        default: false
        }
    }
}
