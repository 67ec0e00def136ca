/// Why a key, or a file with keys, cannot be used. Never says what a secret key is.
public struct CurveError: Error, CustomStringConvertible, Equatable, Sendable {
    /// nil: the key came from elsewhere.
    public let file: String?
    /// Counted from 1; nil where the problem belongs to the file as a whole.
    public let line: Int?
    /// What is wrong and what would be right.
    public let problem: String

    public init(file: String? = nil, line: Int? = nil, _ problem: String) {
        self.file = file
        self.line = line
        self.problem = problem
    }

    public var description: String {
        guard let file else { return problem }
        return "\(file)\(line.map { ":\($0)" } ?? ""): \(problem)"
    }

    /// The same, of a place in a file.
    func at(_ file: String, _ line: Int? = nil) -> CurveError { CurveError(file: file, line: line, problem) }
}
