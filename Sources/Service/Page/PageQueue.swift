import Dispatch

/// Runs what takes its time for the page: one after the other, on a thread that is no Swift task's, and only so many may wait.
final class PageQueue: Sendable {
    private let queue: DispatchQueue
    private let mostWaiting: Int
    private let waiting = Monitor(0)

    init(label: String, qos: DispatchQoS, mostWaiting: Int) {
        queue = DispatchQueue(label: label, qos: qos)
        self.mostWaiting = mostWaiting
    }

    /// - Throws: `PageRefusal` when too many wait, or what `body` throws.
    func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        let isAdmitted = waiting.update { [mostWaiting] count in
            guard count < mostWaiting else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw PageRefusal(.serviceUnavailable, "too much is asked for at once; try again") }
        defer { waiting.update { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { @Sendable in continuation.resume(with: Result { try body() }) }
        }
    }
}
