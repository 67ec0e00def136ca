import Foundation
import Yams

/// Puts another entry for one camera into the text of a region file, and leaves as much of the text as it was as it can: comments, order and style.
///
/// Four ways are tried, the gentlest first: only limits are put in where they stand; only the regions that changed are written anew; then the
/// camera's whole entry; then the whole file. What comes out is decoded and has to be the file with the new entry and nothing else, so that a text that is written in an
/// unforeseen way costs comments at worst.
struct RegionFileRewriter {
    /// The text by lines.
    private struct Layout {
        var lines: [String]
        let newline: String

        /// nil: the text has line ends that the parser counts and nobody sees.
        init?(_ text: String) {
            guard !text.unicodeScalars.contains(where: { ["\u{85}", "\u{2028}", "\u{2029}"].contains($0) }) else { return nil }
            newline = text.contains("\r\n") ? "\r\n" : "\n"
            lines = text.replacingOccurrences(of: "\r\n", with: "\n").components(separatedBy: "\n")
            guard !lines.contains(where: { $0.contains("\r") }) else { return nil }
            if lines.last == "" { lines.removeLast() }
        }

        var text: String { lines.map { $0 + newline }.joined() }

        func indent(_ line: Int) -> Int { lines[line].prefix { $0 == " " }.count }

        /// Nothing, or a comment.
        func isIdle(_ line: Int) -> Bool {
            let rest = lines[line].drop { $0 == " " || $0 == "\t" }
            return rest.isEmpty || rest.hasPrefix("#")
        }

        /// The lines of what begins in `first` at its indentation, without what trails it and may belong to what follows.
        func block(from first: Int) -> Range<Int> {
            let indent = indent(first)
            var end = first + 1
            while end < lines.count {
                if !isIdle(end), self.indent(end) <= indent { break }
                end += 1
            }
            while end > first + 1, isIdle(end - 1) { end -= 1 }
            return first..<end
        }
    }

    private let source: YAMLSource
    private let file: RegionFile
    /// The name `cameras` and its value.
    private let cameras: (key: Node, value: Node)?

    init(_ source: YAMLSource) throws(FileError) {
        self.source = source
        file = try RegionFile(source: source)
        cameras = try source.compose().node.entry("cameras")
    }

    struct Outcome {
        var text: String
        /// The text is as it was but for what changed.
        var keepsText: Bool
    }

    /// - Parameter entry: nil: the camera's entry goes.
    /// - Throws: `FileError` when what comes out is not a region file, such as one without cameras.
    func replacing(camera: String, with entry: CameraEntry?) throws(FileError) -> Outcome {
        var wanted = file.entries
        if let index = wanted.firstIndex(where: { $0.pattern.text == camera }) {
            if let entry { wanted[index] = entry } else { wanted.remove(at: index) }
        } else if let entry {
            wanted.append(entry)
        }
        for attempt in [byLimits, byRegion, byEntry] {
            if let text = attempt(camera, entry), isRight(text, wanted) { return Outcome(text: mark + text, keepsText: comments.allSatisfy(text.contains)) }
        }
        let text = (["version: 1", "cameras:"] + wanted.flatMap { $0.lines.map { "  " + $0 } }).map { $0 + "\n" }.joined()
        guard isRight(text, wanted) else {
            _ = try RegionFile(yaml: text, name: source.name)
            throw FileError(file: source.name, "cannot be written with this entry; give its names letters, digits and spaces alone")
        }
        return Outcome(text: text, keepsText: false)
    }

    /// What somebody wrote for people.
    private var comments: [String] {
        source.text.components(separatedBy: "\n").compactMap { line in line.firstIndex(of: "#").map { line[$0...].trimmingCharacters(in: .whitespaces) } }
    }

    private var mark: String { source.hasByteOrderMark ? "\u{FEFF}" : "" }

    private func isRight(_ text: String, _ wanted: [CameraEntry]) -> Bool {
        guard let new = try? RegionFile(yaml: text, name: source.name) else { return false }
        return new.entries == wanted
    }

    // MARK: Limits alone

    private func byLimits(_ camera: String, _ entry: CameraEntry?) -> String? {
        guard let entry, let old = file.entry(written: camera), entry.regions.map(\.name) == old.regions.map(\.name) else { return nil }
        let changed = zip(entry.regions, old.regions).filter { $0.limits != $1.limits }.map(\.0)
        var editor = RegionFileEditor(source)
        let text = try? editor.file(with: Dictionary(changed.map { ($0.name, $0.limits) }) { first, _ in first }, camera: camera, comments: [])
        return text.map { source.hasByteOrderMark ? String($0.dropFirst()) : $0 }
    }

    // MARK: Only what changed of the entry

    private func byRegion(_ camera: String, _ entry: CameraEntry?) -> String? {
        guard let entry, let old = file.entry(written: camera), var layout = Layout(source.text),
              let node = cameras?.value.entry(camera)?.value, let regions = node.entry("regions"), let items = regions.value.sequence, items.count == old.regions.count,
              let head = regions.key.mark.map({ $0.line - 1 }), layout.lines.indices.contains(head)
        else { return nil }
        let first = layout.lines[head].drop { $0 == " " }
        guard first.hasPrefix("regions:"), first.dropFirst("regions:".count).drop(while: { $0 == " " }).first.map({ $0 == "#" }) ?? true else { return nil }
        var blocks: [Range<Int>] = []
        for item in items {
            guard let line = item.mark.map({ $0.line - 1 }), layout.lines.indices.contains(line), layout.lines[line].drop(while: { $0 == " " }).hasPrefix("- "),
                  line > (blocks.last?.upperBound ?? head + 1) - 1
            else { return nil }
            blocks.append(layout.block(from: line))
        }
        guard let last = blocks.last, let indent = blocks.first.map({ layout.indent($0.lowerBound) }) else { return nil }
        let margin = String(repeating: " ", count: indent)
        var written: [String] = []
        for region in entry.regions {
            let index = old.regions.firstIndex { $0.name == region.name }
            if let index {
                let above = (index == 0 ? head + 1 : blocks[index - 1].upperBound)..<blocks[index].lowerBound
                written += layout.lines[above]
            }
            if let index, old.regions[index] == region {
                written += layout.lines[blocks[index]]
            } else {
                written += region.lines.map { margin + $0 }
            }
        }
        layout.lines.replaceSubrange(head + 1..<last.upperBound, with: written)
        guard settle(entry, old, node, &layout, before: head) else { return nil }
        return layout.text
    }

    /// Brings what stands before the regions up to date. False: it is written in another way.
    private func settle(_ entry: CameraEntry, _ old: CameraEntry, _ node: Node, _ layout: inout Layout, before head: Int) -> Bool {
        let wanted = Dictionary(uniqueKeysWithValues: entry.settings.map { ($0.key, $0.value) }), had = Dictionary(uniqueKeysWithValues: old.settings.map { ($0.key, $0.value) })
        var inserted: [String] = []
        for key in ["reference_size", "pixels_per_mm", "encode"] where wanted[key] != had[key] {
            guard let (name, value) = node.entry(key) else {
                if let text = wanted[key] { inserted.append(String(repeating: " ", count: layout.indent(head)) + "\(key): \(text)") }
                continue
            }
            guard let line = name.mark.map({ $0.line - 1 }), line < head, value.mark.map({ $0.line - 1 }) == line,
                  layout.lines[line].drop(while: { $0 == " " }).hasPrefix("\(key):"), layout.block(from: line).count == 1
            else { return false }
            // The whole file's default has no line of its own.
            layout.lines[line] = String(repeating: " ", count: layout.indent(line)) + "\(key): \(wanted[key] ?? "frame")"
            if wanted[key] == nil, key != "encode" { return false }
        }
        layout.lines.insert(contentsOf: inserted, at: head)
        return true
    }

    // MARK: The entry as a whole

    private func byEntry(_ camera: String, _ entry: CameraEntry?) -> String? {
        guard var layout = Layout(source.text), let root = cameras, let cameras = root.value.mapping else { return nil }
        let places = cameras.map { $0.key.mark.map { $0.line - 1 } }
        // Each on a line of its own, and nothing else before it.
        guard places.allSatisfy({ $0.map(layout.lines.indices.contains) ?? false }), Set(places).count == places.count, let first = places.first ?? nil,
              root.key.mark.map({ $0.line - 1 < first }) ?? false, layout.indent(first) > 0
        else { return nil }
        let margin = String(repeating: " ", count: layout.indent(first)), lines = entry?.lines.map { margin + $0 } ?? []
        if let index = cameras.firstIndex(where: { $0.key.scalar?.string == camera }) {
            guard let line = places[cameras.distance(from: cameras.startIndex, to: index)] else { return nil }
            layout.lines.replaceSubrange(layout.block(from: line), with: lines)
        } else {
            guard let line = places.compactMap(\.self).max() else { return nil }
            layout.lines.insert(contentsOf: lines, at: layout.block(from: line).upperBound)
        }
        return layout.text
    }
}

extension RegionFile {
    /// The text of this file with another entry for a camera.
    ///
    /// - Parameters:
    ///   - camera: the entry's name or prefix, as written; one that is not there is added at the end.
    ///   - file: has the entry; nil: it goes.
    /// - Returns: the text, and whether everything else in it stayed as it was, comments included.
    /// - Throws: `FileError` where no region file would be left.
    public func text(replacing camera: String, from file: RegionFile?, name: String) throws(FileError) -> (text: String, keepsText: Bool) {
        let entry = file?.entry(written: camera)
        guard file == nil || entry != nil else { throw FileError(file: name, "the entry is not one of camera \(camera.quotedForMessage)") }
        let outcome = try RegionFileRewriter(YAMLSource(bytes: bytes, name: name, kind: .regions)).replacing(camera: camera, with: entry)
        return (outcome.text, outcome.keepsText)
    }

    /// A camera's entry for the record of changes: as it would be written, with limits that are only implied, too; empty: there is none.
    public func text(of camera: String) -> String { entry(written: camera)?.lines(withImplied: true).joined(separator: "\n") ?? "" }
}
