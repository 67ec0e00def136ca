import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM as something a loop can ask for and wait on.
// @unchecked Sendable: `sources` is set once, in `init`, and only keeps them alive; the rest is Sendable.
final class StopSignal: @unchecked Sendable {
    private let stopped = Atomic<Bool>(false)
    private let semaphore = DispatchSemaphore(value: 0)
    private var sources: [any DispatchSourceSignal] = []

    /// Takes the signals over for the rest of the process.
    init() {
        let queue = DispatchQueue(label: "flawd.signals")
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { @Sendable [weak self] in self?.stop() }
            source.activate()
            sources.append(source)
        }
    }

    func stop() {
        stopped.store(true, ordering: .sequentiallyConsistent)
        semaphore.signal()
    }

    var isStopped: Bool { stopped.load(ordering: .sequentiallyConsistent) }

    /// Waits until `deadline`, or less if it is time to stop; answers whether it is. Blocks: for threads of our own only.
    func wait(until deadline: DispatchTime) -> Bool {
        if semaphore.wait(timeout: deadline) == .success { semaphore.signal() }
        return isStopped
    }
}

/// Runs work that blocks on a thread of its own and waits for it without blocking Swift's pool.
func onThread<Value: Sendable>(_ name: String, _ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "flawd.\(name)").async { @Sendable in continuation.resume(with: Result { try work() }) }
    }
}
