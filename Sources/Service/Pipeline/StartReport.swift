import Dispatch

/// Gathers whether the parts that several threads are making came into being.
final class StartReport: Sendable {
    private let group = DispatchGroup()
    private let failures = Monitor<[any Error]>([])

    func expect() { group.enter() }

    func made() { group.leave() }

    func failed(_ error: any Error) {
        failures.update { $0.append(error) }
        group.leave()
    }

    /// Waits until all expected parts have reported.
    ///
    /// - Throws: the first failure.
    func settled(on queue: DispatchQueue) async throws {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            group.notify(queue: queue) { @Sendable in continuation.resume() }
        }
        if let failure = failures.update({ $0.first }) { throw failure }
    }
}
