import Yams

/// A YAML text in which no `&` can begin an anchor.
///
/// Anchors are refused before anything is composed: aliases of aliases unfold to any size, and Yams compares keys by content.
/// Whether an `&` stands in quotes, where it is text (a CURVE key may have any), is for YAML's own scanner to say: every one that
/// might begin an anchor is composed as a character that means nothing to YAML, and those that come out in quotes, or in a block
/// of text, are put back. One that does not come out there is refused. Without anchors every alias is undefined, which Yams reports.
struct AnchorlessText {
    private static let standIns: ClosedRange<UInt32> = 0xE000...0xF8FF

    let text: String
    /// Every `&` that has a stand-in, in the order of the text, as are the stand-ins.
    private var places: [Place] = []

    private struct Place {
        var line: Int
        /// By the quotes before it in its line; used where the text is no YAML, so that nobody can say.
        var looksQuoted: Bool
        var isBack = false
    }

    /// - Throws: `FileError` when there are more than stand-ins, or a stand-in is in the text already.
    init(_ source: String, file: String) throws(FileError) {
        var text = String.UnicodeScalarView(), line = 1, quote: Unicode.Scalar?, hasStandIns = false
        text.reserveCapacity(source.unicodeScalars.count)
        var before: Unicode.Scalar = "\n", rest = source.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\n": (line, quote) = (line + 1, nil)
            case "\"", "'": quote = quote == nil ? scalar : quote == scalar ? nil : quote
            default: hasStandIns = hasStandIns || Self.standIns.contains(scalar.value)
            }
            // A letter or digit directly before it makes it plain text (`A&B`), and an anchor has a name.
            if scalar == "&", let next = rest.first, Self.isName(next), !Self.isName(before) || before == "-" {
                guard let standIn = Unicode.Scalar(Self.standIns.lowerBound + UInt32(places.count)), Self.standIns.contains(standIn.value) else {
                    throw Self.refusal(file: file, line: line)
                }
                text.append(standIn)
                places.append(Place(line: line, looksQuoted: quote != nil))
            } else {
                text.append(scalar)
            }
            before = scalar
        }
        if let first = places.first, hasStandIns { throw Self.refusal(file: file, line: first.line) }
        self.text = String(text)
    }

    /// The document as it was meant.
    ///
    /// - Throws: `FileError` for an `&` that might begin an anchor.
    mutating func restored(_ root: Node, file: String, _ kind: YAMLKind) throws(FileError) -> Node {
        guard !places.isEmpty else { return root }
        let root = try restored(root, file, kind)
        if let place = places.first(where: { !$0.isBack }) { throw Self.refusal(file: file, line: place.line) }
        return root
    }

    /// What is wrong where the text is no YAML: an anchor, if it looks like one, and otherwise the finding in the text's own characters.
    func restored(_ finding: FileError.Finding) -> FileError.Finding {
        if let place = places.first(where: { !$0.looksQuoted }) { return Self.finding(file: finding.file, line: place.line) }
        var finding = finding
        finding.problem = restored(finding.problem)
        return finding
    }

    private func restored(_ text: String) -> String {
        places.isEmpty ? text : String(String.UnicodeScalarView(text.unicodeScalars.map { Self.standIns.contains($0.value) ? "&" : $0 }))
    }

    private mutating func restored(_ node: Node, _ file: String, _ kind: YAMLKind) throws(FileError) -> Node {
        switch node {
        case .scalar(let scalar):
            return .scalar(restored(scalar))
        case .sequence(let sequence):
            var nodes: [Node] = []
            for node in sequence { nodes.append(try restored(node, file, kind)) }
            return .sequence(.init(nodes, sequence.tag, sequence.style, sequence.mark))
        case .mapping(let mapping):
            var pairs: [(Node, Node)] = [], keys: Set<Node> = []
            for (key, value) in mapping {
                let key = try restored(key, file, kind)
                // Yams saw different stand-ins.
                guard keys.insert(key).inserted else {
                    throw FileError([.init(
                        file: file, line: key.mark?.line, column: kind.pointsAtValues ? key.mark?.column : nil, problem: kind.repeatedKey(key.string ?? ""))])
                }
                pairs.append((key, try restored(value, file, kind)))
            }
            return .mapping(.init(pairs, mapping.tag, mapping.style, mapping.mark))
        case .alias:
            return node
        }
    }

    private mutating func restored(_ scalar: Node.Scalar) -> Node.Scalar {
        guard scalar.style != .plain, scalar.style != .any else { return scalar }
        for character in scalar.string.unicodeScalars where Self.standIns.contains(character.value) {
            places[Int(character.value - Self.standIns.lowerBound)].isBack = true
        }
        return .init(restored(scalar.string), scalar.tag, scalar.style, scalar.mark)
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", "_", "-": true
        default: false
        }
    }

    private static func refusal(file: String, line: Int) -> FileError { FileError([finding(file: file, line: line)]) }

    private static func finding(file: String, line: Int) -> FileError.Finding {
        .init(file: file, line: line, problem: "YAML anchors (`&name`) are not accepted; write the values out, or put text that has an `&` in quotes")
    }
}
