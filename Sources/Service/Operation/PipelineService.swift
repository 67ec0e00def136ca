import Logging
import ServiceLifecycle

/// The pipeline as the one service that does the work; listed last, so that it is stopped first.
struct PipelineService: Service {
    let pipeline: Pipeline
    /// Called once frames are being received.
    let ready: @Sendable () -> Void

    func run() async throws {
        try await pipeline.start()
        ready()
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await pipeline.finished()
            } onGracefulShutdown: {
                pipeline.drain()
            }
        } onCancel: {
            pipeline.discard()
        }
    }
}
