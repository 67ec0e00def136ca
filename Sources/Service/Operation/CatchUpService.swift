import ServiceLifecycle
import Streaming

/// Answers subscribers that ask for what they missed, on a thread of its own.
struct CatchUpService: Service {
    let context: MessagingContext
    let endpoints: [Endpoint]
    /// Path.
    let journal: String
    /// Of one subscriber.
    var requestsPerSecond = CatchUpServer.standardRate
    /// Called once its socket is bound.
    let isUp: @Sendable () -> Void

    func run() async throws {
        try await runBlocking("flawd.catch-up") {
            let server = try CatchUpServer(context: context, endpoints: endpoints, journal: journal, requestsPerSecond: requestsPerSecond)
            isUp()
            return server
        } turn: {
            _ = try $0.serve(timeoutMs: 200)
        }
    }
}
