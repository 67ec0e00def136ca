/// Something that a gate was given and cannot use.
public struct GateError: Error, CustomStringConvertible, Sendable {
    /// What it is, what is wrong with it and what would be right.
    public let description: String

    init(_ description: String) { self.description = description }
}
