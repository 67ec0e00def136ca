import Dispatch
import Foundation

extension Task where Failure == Never {
    /// Runs blocking work on a thread of its own, never on Swift's pool.
    static func onThread(_ work: @escaping @Sendable () -> Success) -> Task<Success, Never> {
        let (stream, continuation) = AsyncStream<Success>.makeStream()
        Thread.detachNewThread {
            continuation.yield(work())
            continuation.finish()
        }
        return Task {
            for await value in stream { return value }
            preconditionFailure("a thread always answers")
        }
    }
}

/// A folder that is gone after the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }
}
