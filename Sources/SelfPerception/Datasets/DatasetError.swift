/// What is wrong with a data set; names the folder or file and says what would be right.
public struct DatasetError: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}
