import Yams

/// A JSON Schema as a reference for people: each key with what it may be, its default and what it means, in the schema's order.
///
/// The schema is read as YAML, of which JSON is a part, because that keeps the order of keys.
struct SchemaReference {
    private let root: Node

    /// - Throws: `YamlError`, or `Failure` when the schema is no object.
    init(json: String) throws {
        guard let root = try compose(yaml: json), root.mapping != nil else { throw Failure("the schema is not a JSON object") }
        self.root = root
    }

    var description: String? { root["description"]?.string }

    /// A mapping whose keys are explained.
    struct Section {
        /// `journal`, `cameras.NAME.regions[]`; empty: the file itself.
        var path: String
        var description: String?
        var keys: [Key]
    }

    struct Key {
        var path: String
        var type: String
        var isRequired: Bool
        var standard: String?
        var description: String?
    }

    /// Every mapping in the order in which a reader meets them, each once.
    var sections: [Section] {
        // A file is one object. Events are one of several, and what they hold has the name of its key alone.
        let kinds = root["oneOf"]?.sequence
        var waiting = kinds.map { $0.map(resolved).map { (path: $0["title"]?.string ?? "", node: $0) } } ?? [(path: "", node: root)]
        var sections: [Section] = [], seen: Set<String> = []
        while !waiting.isEmpty {
            let (path, node) = waiting.removeFirst()
            let required = Set(node["required"]?.sequence?.compactMap(\.string) ?? [])
            var section = Section(path: path, description: node["description"]?.string, keys: [])
            var inner: [(path: String, node: Node)] = []
            for (key, written) in node["properties"]?.mapping ?? [:] {
                guard let name = key.string else { continue }
                let value = resolved(written), keyPath = kinds != nil || path.isEmpty ? name : "\(path).\(name)"
                section.keys.append(Key(
                    path: keyPath, type: type(of: value), isRequired: required.contains(name), standard: value["default"].map(text),
                    description: value["description"]?.string))
                if let (suffix, object) = innerObject(of: value), seen.insert(keyPath + suffix).inserted { inner.append((keyPath + suffix, object)) }
            }
            sections.append(section)
            // A file's mappings follow their key; an event's follow all events.
            waiting.insert(contentsOf: inner, at: kinds == nil ? 0 : waiting.count)
        }
        return sections
    }

    /// A heading, and below it a list of keys for each mapping.
    func blocks(title: String) -> [ManualPage.Block] {
        var blocks: [ManualPage.Block] = [.heading(title)]
        let sections = sections
        let headings = Set(sections.map(\.path))
        for section in sections {
            if !section.path.isEmpty { blocks.append(.subheading(section.path)) }
            if !section.path.isEmpty, let description = section.description { blocks.append(.paragraph(Self.sentence(description))) }
            blocks += section.keys.map { key in
                let standard = key.standard.map { "; default \($0)" } ?? (key.isRequired ? "; required" : "")
                // What a mapping is for is said above its keys.
                let description = headings.contains(key.path) ? nil : key.description.map { " " + Self.sentence($0) }
                return .entry(key.path, Self.sentence(key.type + standard) + (description ?? " See below."))
            }
        }
        return blocks
    }

    private static func sentence(_ text: String) -> String {
        let first = text.prefix(1).uppercased() + text.dropFirst()
        // A word of the wire or of a file is written as it is.
        let begun = text.prefix { !$0.isWhitespace }.contains { "_<{[/:.".contains($0) } ? text : first
        return begun.hasSuffix(".") ? begun : "\(begun)."
    }
}

extension SchemaReference {
    /// The part of the schema that `#/$defs/NAME` names.
    private func target(_ reference: String) -> Node {
        reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .mapping([:]) }
    }

    /// A node with what it refers to; what it says itself comes first.
    private func resolved(_ node: Node) -> Node {
        guard let reference = node["$ref"]?.string, var mapping = node.mapping else { return node }
        for (key, value) in resolved(target(reference)).mapping ?? [:] where mapping[key] == nil { mapping[key] = value }
        return .mapping(mapping)
    }

    /// The mapping inside a key's value, directly, in a list, or under names of the user's.
    private func innerObject(of node: Node) -> (suffix: String, object: Node)? {
        if node["properties"] != nil { return ("", node) }
        if let items = node["items"].map(resolved), items["properties"] != nil { return ("[]", items) }
        if let values = node["additionalProperties"].map(resolved), values["properties"] != nil { return (".NAME", values) }
        return nil
    }

    /// What a value may be, in words.
    private func type(of node: Node) -> String {
        if let value = node["const"] { return "always \(text(value))" }
        if let values = node["enum"]?.sequence { return "one of \(values.map(text).joined(separator: ", "))" }
        if let choices = node["anyOf"]?.sequence?.map(resolved), node["properties"] == nil {
            let alternatives = choices.map { form(of: $0) }
            if alternatives.count == 2, alternatives[1] == "list of \(alternatives[0])" { return "\(alternatives[0]), or a list of such" }
            return alternatives.joined(separator: ", or ")
        }
        if let kinds = node["type"]?.sequence { return kinds.compactMap(\.string).map(Self.name).joined(separator: ", ") }
        switch node["type"]?.string {
        case "array"?: return list(node)
        case "object"?: return node["properties"] == nil && node["additionalProperties"]?.mapping != nil ? "mapping of names" : "mapping"
        case let kind?: return Self.name(kind) + range(node)
        case nil: return "any value"
        }
    }

    /// The same for a part that has no key of its own, whose form may be described in words.
    private func form(of node: Node) -> String {
        node["pattern"].flatMap { _ in node["description"]?.string } ?? type(of: node)
    }

    private func list(_ node: Node) -> String {
        if let parts = node["prefixItems"]?.sequence {
            return "list of \(parts.count): \(parts.map { type(of: resolved($0)) }.joined(separator: "; "))"
        }
        let element = node["items"].map { form(of: resolved($0)) } ?? "values"
        switch (node["minItems"]?.int, node["maxItems"]?.int) {
        case (let least?, let most?) where least == most: return "list of \(least): \(element)"
        case (let least?, let most?): return "list of \(least) to \(most): \(element)"
        case (nil, let most?): return "list of at most \(most): \(element)"
        case (_, nil): return "list of \(element == "mapping" ? "mappings" : element)"
        }
    }

    private func range(_ node: Node) -> String {
        let least = node["minimum"].map(text), most = node["maximum"].map(text), above = node["exclusiveMinimum"].map(text)
        switch (least, above, most) {
        case (_, nil, "\(UInt64.max)"?): return " of 64 bits without a sign"
        case (_, nil, "\(Int64.max)"?): return " of 64 bits"
        case (let least?, nil, let most?): return " from \(least) to \(most)"
        case (let least?, nil, nil): return ", \(least) or more"
        case (nil, let above?, let most?): return " above \(above), at most \(most)"
        case (nil, let above?, nil): return " above \(above)"
        case (nil, nil, let most?): return ", at most \(most)"
        default: return ""
        }
    }

    private static func name(_ kind: String) -> String {
        switch kind {
        case "integer": "whole number"
        case "string": "text"
        case "boolean": "true or false"
        default: kind
        }
    }

    private func text(_ node: Node) -> String { node.string ?? node.sequence.map { $0.map(text).joined(separator: ", ") } ?? "" }
}
