import Logging
import ServiceLifecycle
import UnixSignals

/// SIGTERM and SIGINT: the first drains the pipeline, the second cuts the drain short. SIGHUP: the configuration is read again.
struct SignalService: Service {
    let pipeline: Pipeline
    let reloader: ConfigurationReloader
    let manager: ServiceManager?
    let logger: Logger

    func run() async throws {
        var stops = 0
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup).cancelOnGracefulShutdown() {
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
