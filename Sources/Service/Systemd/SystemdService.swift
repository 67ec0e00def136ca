import Logging
import SelfPerception
import ServiceLifecycle

/// Keeps systemd informed: the watchdog hears of progress, and `systemctl status` shows what the line does.
///
/// The watchdog is told nothing once a thread of the pipeline does not come back, or frames inside it do not move: then flawd is started anew. This task is a witness, too,
/// that Swift's own threads still run.
struct SystemdService: Service {
    let manager: ServiceManager
    let pipeline: Pipeline
    let station: Station
    let logger: Logger
    /// Why nothing gets on; nil: it does.
    let stall: @Sendable () -> String?
    private static let statusInterval = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let step = min(Self.statusInterval, manager.watchdog.map { $0 / 2 } ?? Self.statusInterval)
            var last = PipelineCounters(), lastTime = ContinuousClock.now, stalled = false
            while (try? await Task.sleep(for: step)) != nil {
                let stall = stall()
                if let stall, !stalled { logger.critical("\(stall): the watchdog is told nothing any more") }
                if stall == nil, stalled { logger.notice("the pipeline goes on") }
                stalled = stall != nil
                if stall == nil, manager.watchdog != nil { manager.isAlive() }
                let now = ContinuousClock.now
                guard now - lastTime >= Self.statusInterval || stall != nil else { continue }
                let counters = pipeline.snapshot, rate = Double(counters.verdicts - last.verdicts) / ((now - lastTime) / .seconds(1))
                manager.status(stall.map { "stuck: \($0)" } ?? line(counters, rate: rate))
                (last, lastTime) = (counters, now)
            }
        }
    }

    private func line(_ counters: PipelineCounters, rate: Double) -> String {
        let report = station.report
        let state = report.detail.isEmpty ? report.state.rawValue : "\(report.state.rawValue) (\(report.detail))"
        return "\(state), \(fixed(rate, 1)) frames/s; pass \(counters.pass), review \(counters.review), fail \(counters.fail), uninspected \(counters.uninspectedTotal), missing \(counters.missing)"
    }
}
