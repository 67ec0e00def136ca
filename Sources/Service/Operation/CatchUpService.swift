import Dispatch
import ServiceLifecycle
import Streaming

/// Answers subscribers that ask for what they missed, on a thread of its own.
struct CatchUpService: Service {
    let context: MessagingContext
    let endpoints: [Endpoint]
    /// Path.
    let journal: String

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
        let server = try CatchUpServer(context: context, endpoints: endpoints, journal: journal)
        while !stop.isSet { _ = try server.serve(timeoutMs: 200) }
    }
}
