import Yams

extension Node {
    /// By the key's text, whatever the parser takes it for.
    func entry(_ key: String) -> (key: Node, value: Node)? { mapping?.entry(key) }
}

extension Node.Mapping {
    /// By the key's text, whatever the parser takes it for.
    func entry(_ key: String) -> (key: Node, value: Node)? { first { $0.key.scalar?.string == key }.map { ($0.key, $0.value) } }
}
