import ServiceLifecycle
import Streaming

/// Takes commands, on a thread of its own.
struct ControlService: Service {
    let context: MessagingContext
    let endpoints: [Endpoint]
    let controller: StationController
    /// Called once its socket is bound.
    let isUp: @Sendable () -> Void

    func run() async throws {
        try await runBlocking("flawd.control-socket") {
            let server = try ControlServer(context: context, endpoints: endpoints) { controller.execute($0) }
            isUp()
            return server
        } turn: {
            _ = try $0.serve(timeoutMs: 200)
        }
    }
}
