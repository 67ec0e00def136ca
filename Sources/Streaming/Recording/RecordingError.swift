import Foundation

/// Errors of recordings: files that cannot be written, and files that are no recordings or are damaged.
public struct RecordingError: Error, CustomStringConvertible, Sendable {
    /// The file or folder, and what is wrong with it.
    public let description: String
    /// What the system answered, where it was asked.
    public let errno: Int32?

    init(_ path: String, _ problem: String) {
        description = "\(path): \(problem)"
        errno = nil
    }

    /// The system call that has just failed with `number`.
    init(_ path: String, _ action: String, errno number: Int32) {
        description = "\(path): cannot \(action): \(String(cString: strerror(number)))"
        errno = number
    }
}
