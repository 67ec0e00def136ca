/// Why masks cannot be generated. The message says what would be right.
public struct MaskGenerationError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
