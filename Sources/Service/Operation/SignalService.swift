import Logging
import ServiceLifecycle
import UnixSignals

/// SIGTERM and SIGINT: the first drains the pipeline, the second cuts the drain short. SIGHUP: the configuration is read again.
struct SignalService: Service {
    let pipeline: Pipeline
    let reloader: ConfigurationReloader
    let manager: ServiceManager?
    let logger: Logger
    /// Called once signals are taken: until then they end the process as they find it.
    let ready: @Sendable () -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        ready()
        var stops = 0
        for await signal in signals.cancelOnGracefulShutdown() {
            if signal == .sighup {
                _ = await reloader.reload()
                continue
            }
            stops += 1
            if stops == 1 {
                logger.notice("\(signal): stopping; what is queued is still inspected")
                manager?.isStopping()
                pipeline.station.isStopping()
                pipeline.drain()
            } else {
                logger.notice("\(signal): stopping at once")
                pipeline.discard()
            }
        }
    }
}
