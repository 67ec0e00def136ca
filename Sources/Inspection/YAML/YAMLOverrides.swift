import Yams

/// Values of the environment that count before those of a file: `FLAWD__LOG__LEVEL=debug` is `log: {level: debug}`.
///
/// Two underscores stand between the keys, so that keys may have one; values are YAML, so a list is `[a, b]`.
public struct YAMLOverrides: Sendable {
    struct Value: Sendable {
        /// Of the variable.
        var name: String
        var path: [String]
        var text: String
    }

    static let prefix = "FLAWD__"
    let values: [Value]

    public init(environment: [String: String]) {
        values = environment.filter { $0.key.hasPrefix(Self.prefix) }.sorted { $0.key < $1.key }.map { name, text in
            let keys = name.dropFirst(Self.prefix.count).lowercased().split(separator: "_", omittingEmptySubsequences: false)
            // Empty pieces are where two underscores stood.
            var path = [""]
            for key in keys {
                if key.isEmpty { path.append("") } else { path[path.count - 1] += path[path.count - 1].isEmpty ? String(key) : "_\(key)" }
            }
            return Value(name: name, path: path, text: text)
        }
    }

    /// The variables that are there, as `log.level: debug (FLAWD__LOG__LEVEL)`.
    public var explanation: [String] { values.map { "\($0.path.joined(separator: ".")): \($0.text.shownInMessage) (\($0.name))" } }

    /// The document with these values in it.
    ///
    /// - Throws: `FileError` naming a variable that is no YAML, or that stands where the file has no mapping.
    public func applied(to root: NodeReader.Field) throws(FileError) -> NodeReader.Field {
        var root = root
        for value in values {
            let node = try compose(value)
            guard !value.path.contains(""), set(node, at: value.path[...], in: &root.node) else {
                throw FileError(file: value.name, "names no key of a configuration; FLAWD__LOG__LEVEL is log: {level: …}")
            }
        }
        return root
    }

    /// A finding about a value that came from the environment names the variable instead of the file.
    public func named(_ finding: FileError.Finding) -> FileError.Finding {
        guard let value = values.first(where: { value in
            let key = value.path.joined(separator: ".")
            // At the value, in it, or at what it made a mapping of.
            return finding.key == key || finding.key.hasPrefix("\(key).") || finding.key.hasPrefix("\(key)[") || !finding.key.isEmpty && key.hasPrefix("\(finding.key).")
        }) else { return finding }
        return .init(file: value.name, key: finding.key, problem: finding.problem)
    }

    private func compose(_ value: Value) throws(FileError) -> Node {
        // With the bounds and the rules of a file.
        guard let kind = value.text.isEmpty ? nil : YAMLKind.value else { return Node("") }
        return try YAMLSource(bytes: Array(value.text.utf8), name: value.name, kind: kind).compose().node
    }

    private func set(_ node: Node, at path: ArraySlice<String>, in parent: inout Node) -> Bool {
        guard case .mapping(var mapping) = parent, let key = path.first else { return false }
        let name = Node(key)
        if path.count == 1 {
            mapping[name] = node
        } else {
            var child = mapping[name] ?? Node.mapping(.init([]))
            guard set(node, at: path.dropFirst(), in: &child) else { return false }
            mapping[name] = child
        }
        parent = .mapping(mapping)
        return true
    }
}

extension YAMLKind {
    fileprivate static let value = YAMLKind(
        name: "an environment variable", contents: "give it a value", pointsAtValues: true, repeatedKey: { "key given twice: \($0.shownInMessage)" },
        unknownKey: { key, _, _ in "unknown key \(key.shownInMessage)" })
}
