/// What reading has to know of a kind of YAML file: what it is called and how the findings that every kind has are put.
public struct YAMLKind: Sendable {
    /// As messages call one: `a region file`.
    let name: String
    /// What belongs into one; said of an empty file.
    let contents: String
    /// Whether findings point at the value, or the unknown key, itself, with its column. Otherwise they point at the line
    /// of the key, whose name is then always part of the path.
    let pointsAtValues: Bool
    let repeatedKey: @Sendable (_ key: String) -> String
    let unknownKey: @Sendable (_ key: String, _ nearest: String?, _ known: [String]) -> String

    public init(
        name: String, contents: String, pointsAtValues: Bool,
        repeatedKey: @escaping @Sendable (_ key: String) -> String,
        unknownKey: @escaping @Sendable (_ key: String, _ nearest: String?, _ known: [String]) -> String
    ) {
        self.name = name
        self.contents = contents
        self.pointsAtValues = pointsAtValues
        self.repeatedKey = repeatedKey
        self.unknownKey = unknownKey
    }
}
