import Dispatch
import Logging
import ServiceLifecycle

/// Looks once a second how things are, tells swift-metrics, and publishes it as `status/health`. Disks may make it wait, so it has a thread of its own.
struct HealthService: Service {
    let monitor: HealthMonitor
    let exporter: MetricsExporter
    let logger: Logger
    var intervalMs = 1000

    func run() async throws {
        let ticks = BoundedQueue<Void>(capacity: 1)
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                DispatchQueue(label: "flawd.health").async { @Sendable in
                    repeat { turn() } while !ticks.hasEnded(afterMs: intervalMs)
                    continuation.resume()
                }
            }
        } onCancelOrGracefulShutdown: {
            ticks.close()
        }
    }

    private func turn() {
        monitor.look()
        let report = monitor.report()
        exporter.export(report)
        do { monitor.pipeline.status.leave(HealthEvent(json: try report.json())) } catch {
            logger.error("the health report cannot be written: \(error)")
        }
    }
}

extension BoundedQueue<Void> {
    /// Waits; true as soon as it is closed.
    fileprivate func hasEnded(afterMs timeout: Int) -> Bool {
        if case .ended = pop(timeoutMs: timeout) { true } else { false }
    }
}
