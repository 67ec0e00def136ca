/// A file that could not be written although it was asked for rightly: a full disk, a folder that is not writable.
public struct FileWriteError: Error, CustomStringConvertible {
    public let file: String
    public let problem: String

    public var description: String { "\(file): \(problem)" }
}
