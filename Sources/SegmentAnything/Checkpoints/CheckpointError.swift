/// What is wrong with a file of weights. The message names the file and the key, and says what would be right.
public struct CheckpointError: Error, Equatable, CustomStringConvertible {
    public let file: String
    public let problem: String

    public init(file: String, problem: String) {
        self.file = file
        self.problem = problem
    }

    public var description: String { "\(file): \(problem)" }
}
