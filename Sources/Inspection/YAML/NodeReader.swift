import Yams

/// Reads typed values out of YAML nodes. What is wrong is noted and reading goes on, so that one run names every mistake.
///
/// Every reader returns nil exactly when it noted a finding.
public struct NodeReader {
    /// A value and where it stands.
    public struct Field {
        /// As messages name it: `cameras.line1/top.regions[0].name`.
        let path: String
        let line: Int
        let column: Int?
        var node: Node

        init(path: String, place: Mark?, otherwise line: Int = 1, node: Node, kind: YAMLKind) {
            self.init(path: path, line: place?.line ?? line, column: kind.pointsAtValues ? place?.column : nil, node: node)
        }

        private init(path: String, line: Int, column: Int?, node: Node) {
            (self.path, self.line, self.column, self.node) = (path, line, column, node)
        }

        /// This place, called by a key that is missing from it.
        public func missing(_ key: String) -> Field { Field(path: path(of: key), line: line, column: column, node: node) }

        /// Whether it has keys and values.
        public var isMapping: Bool { if case .mapping = node { true } else { false } }

        func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    }

    let file: String
    let kind: YAMLKind
    public private(set) var findings: [FileError.Finding] = []

    public init(_ source: YAMLSource) { (file, kind) = (source.name, source.kind) }

    public mutating func note(_ field: Field, _ problem: String) { findings.append(finding(field, problem)) }

    func finding(_ field: Field, _ problem: String) -> FileError.Finding {
        .init(file: file, line: field.line, column: field.column, key: field.path, problem: problem)
    }

    /// Reads a value; where that fails, says in one sentence what would be right instead of what `read` noted.
    public mutating func value<Value>(
        _ field: Field, mustBe wanted: String, near words: [String] = [], _ read: (inout NodeReader, Field) -> Value?
    ) -> Value? {
        let known = findings.count
        if let value = read(&self, field) { return value }
        findings.removeSubrange(known...)
        guard case .scalar(let scalar) = field.node else {
            note(field, "must be \(wanted), not \(kind(of: field.node))")
            return nil
        }
        let guess = nearest(to: scalar.string, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
        note(field, "must be \(wanted), not \"\(scalar.string.shownInMessage)\"\(guess)")
        return nil
    }

    /// The values of a mapping in the order of the file, with their keys as text and the places of these.
    public mutating func entries(_ field: Field) -> [(key: String, name: Field, value: Field)]? {
        guard case .mapping(let mapping) = field.node else {
            note(field, "must be a mapping (`key: value`), but is \(kind(of: field.node))")
            return nil
        }
        guard hasNoTag(field) else { return nil }
        var entries: [(key: String, name: Field, value: Field)] = []
        for (key, value) in mapping {
            let name = Field(path: field.path, place: key.mark, otherwise: field.line, node: key, kind: kind)
            guard case .scalar(let scalar) = key else {
                note(name, "a key must be text, but is \(kind(of: key))")
                continue
            }
            let place = kind.pointsAtValues ? value.mark : key.mark
            let path = field.path(of: scalar.string.shownInMessage)
            entries.append((scalar.string, name, Field(path: path, place: place, otherwise: field.line, node: value, kind: kind)))
        }
        return entries
    }

    /// The values of a mapping with a fixed set of keys. Unknown keys are noted with the nearest known one.
    public mutating func record(_ field: Field, keys: [String], required: [String] = []) -> [String: Field]? {
        guard case .mapping = field.node else {
            note(field, "must be a mapping with the keys \(keys.joined(separator: ", "))")
            return nil
        }
        guard let entries = entries(field) else { return nil }
        var values: [String: Field] = [:]
        for (key, name, value) in entries {
            guard keys.contains(key) else {
                note(kind.pointsAtValues ? name : value, kind.unknownKey(key, nearest(to: key, among: keys), keys))
                continue
            }
            values[key] = value
        }
        for key in required where values[key] == nil {
            note(field, "`\(key)` is missing")
        }
        return values
    }

    mutating func items(_ field: Field, count: ClosedRange<Int>, of what: String) -> [Field]? {
        guard case .sequence(let sequence) = field.node else {
            note(field, "must be a list of \(what), but is \(kind(of: field.node))")
            return nil
        }
        guard hasNoTag(field) else { return nil }
        guard count.contains(sequence.count) else {
            let wanted = count.lowerBound == count.upperBound
                ? "exactly \(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
            note(field, "must be a list of \(wanted) \(what), but has \(sequence.count)")
            return nil
        }
        return sequence.enumerated().map { index, node in
            Field(path: "\(field.path)[\(index)]", place: node.mark, otherwise: field.line, node: node, kind: kind)
        }
    }

    /// The values of a list, or a value that stands for a list of one.
    public mutating func items(ofOneOrMore field: Field) -> [Field] {
        guard case .sequence = field.node else { return [field] }
        return items(field, count: 0...Int.max, of: "values") ?? []
    }

    public mutating func text(_ field: Field) -> String? {
        guard let scalar = scalar(field, wanted: "text") else { return nil }
        if scalar.style == .plain, ["", "~", "null"].contains(scalar.string) {
            note(field, "must be text, but is empty")
            return nil
        }
        return scalar.string
    }


    /// A plain `true` or `false`, in any of YAML's words for them.
    public mutating func flag(_ field: Field) -> Bool? {
        guard let scalar = scalar(field, wanted: "true or false") else { return nil }
        switch (scalar.style, scalar.string.lowercased()) {
        case (.plain, "true"), (.plain, "yes"), (.plain, "on"): return true
        case (.plain, "false"), (.plain, "no"), (.plain, "off"): return false
        default:
            note(field, "must be true or false, but is \(scalar.string.quotedForMessage)")
            return nil
        }
    }

    /// One of a few words.
    public mutating func word<Word: RawRepresentable & CaseIterable>(_ field: Field, as type: Word.Type) -> Word?
    where Word.RawValue == String {
        guard let text = text(field) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let guess = nearest(to: text, among: words).map { "; did you mean `\($0)`?" } ?? ""
        note(field, "\(text.quotedForMessage) is not one of \(words.joined(separator: ", "))\(guess)")
        return nil
    }

    /// A finite number within a range.
    mutating func number(_ field: Field, in range: ClosedRange<Double>) -> Double? {
        guard let scalar = scalar(field, wanted: "a number") else { return nil }
        guard scalar.style == .plain else {
            note(field, "must be a number, but is text in quotes")
            return nil
        }
        let lowered = scalar.string.lowercased()
        if lowered.hasSuffix("nan") || lowered.hasSuffix("inf") || lowered.hasSuffix("infinity") {
            note(field, "must be a finite number, but is \(scalar.string.quotedForMessage)")
            return nil
        }
        let allowed = Set("0123456789+-.eE".unicodeScalars)
        guard scalar.string.unicodeScalars.allSatisfy(allowed.contains), let value = Double(scalar.string) else {
            note(field, "must be a number, but is \(scalar.string.isEmpty ? "empty" : scalar.string.quotedForMessage)")
            return nil
        }
        guard value.isFinite else {
            note(field, "must be a finite number, but \(scalar.string.quotedForMessage) is too large")
            return nil
        }
        guard range.contains(value) else {
            note(field, "must be between \(range.lowerBound.short) and \(range.upperBound.short), but is \(value.short)")
            return nil
        }
        return value
    }

    public mutating func integer(_ field: Field, in range: ClosedRange<Int>) -> Int? {
        guard let value = number(field, in: Double(range.lowerBound)...Double(range.upperBound)) else { return nil }
        guard let whole = Int(exactly: value) else {
            note(field, "must be a whole number, but is \(value.short)")
            return nil
        }
        return whole
    }

    /// A list of exactly `count` finite numbers.
    mutating func numbers(_ field: Field, count: Int, form: String, in range: ClosedRange<Double>) -> [Double]? {
        guard let items = items(field, count: count...count, of: "numbers \(form)") else { return nil }
        let values = items.compactMap { number($0, in: range) }
        return values.count == count ? values : nil
    }

    private mutating func scalar(_ field: Field, wanted: String) -> Node.Scalar? {
        guard case .scalar(let scalar) = field.node else {
            note(field, "must be \(wanted), but is \(kind(of: field.node))")
            return nil
        }
        return hasNoTag(field) ? scalar : nil
    }

    private mutating func hasNoTag(_ field: Field) -> Bool {
        let expected: Tag = switch field.node {
        case .scalar: Tag(.str)
        case .mapping: Tag(.map)
        case .sequence: Tag(.seq)
        case .alias: .implicit
        }
        guard field.node.tag == expected else {
            note(field, "YAML tags (`!…`) are not accepted; remove it")
            return false
        }
        return true
    }

    private func kind(of node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "empty" : "the single value \(scalar.string.quotedForMessage)"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

extension Double {
    /// Without the `.0` of a whole number.
    var short: String {
        if let whole = Int(exactly: self), abs(whole) < 1_000_000_000_000 { return String(whole) }
        return String(self)
    }
}
