import Dispatch
import ServiceLifecycle

/// Runs a loop that blocks on a thread of its own, as one of the daemon's services.
///
/// - Parameters:
///   - label: of the thread's queue.
///   - make: makes what the loop needs, on its thread.
///   - turn: one round, which must come back within a second; called until the service is to stop.
func runBlocking<Part: ~Copyable>(
    _ label: String, make: @escaping @Sendable () throws -> Part, turn: @escaping @Sendable (borrowing Part) throws -> Void
) async throws {
    let stop = StopFlag()
    try await withTaskCancellationOrGracefulShutdownHandler {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue(label: label).async { @Sendable in
                continuation.resume(with: Result {
                    let part = try make()
                    while !stop.isSet { try turn(part) }
                })
            }
        }
    } onCancelOrGracefulShutdown: {
        stop.set()
    }
}
