import Dispatch
import ServiceLifecycle
import Streaming
import Synchronization

/// Answers subscribers that ask for what they missed, on a thread of its own.
struct CatchUpService: Service {
    let context: MessagingContext
    let endpoints: [Endpoint]
    /// Path.
    let journal: String
    /// Of one subscriber.
    var requestsPerSecond = CatchUpServer.standardRate

    func run() async throws {
        let stop = StopFlag()
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                DispatchQueue(label: "flawd.catch-up").async { @Sendable in
                    continuation.resume(with: Result { try serve(until: stop) })
                }
            }
        } onCancelOrGracefulShutdown: {
            stop.set()
        }
    }

    private func serve(until stop: StopFlag) throws {
        let server = try CatchUpServer(context: context, endpoints: endpoints, journal: journal, requestsPerSecond: requestsPerSecond)
        while !stop.isSet { _ = try server.serve(timeoutMs: 200) }
    }
}

private final class StopFlag: Sendable {
    private let value = Atomic<Bool>(false)

    func set() { value.store(true, ordering: .releasing) }
    var isSet: Bool { value.load(ordering: .acquiring) }
}
