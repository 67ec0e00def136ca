import Logging
import SelfPerception
import ServiceLifecycle

/// One line now and then saying what the pipeline did since the last one.
struct StatisticsService: Service {
    let pipeline: Pipeline
    let logger: Logger
    var interval = Duration.seconds(10)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var last = PipelineCounters()
            var lastTime = ContinuousClock.now
            while (try? await Task.sleep(for: interval)) != nil {
                let counters = pipeline.snapshot
                let now = ContinuousClock.now
                let seconds = (now - lastTime) / .seconds(1)
                let rate = Double(counters.verdicts - last.verdicts) / max(seconds, 0.001)
                logger.info("\(counters.summary), \(fixed(rate, 1)) frames/s")
                last = counters
                lastTime = now
            }
        }
    }
}

extension PipelineCounters {
    /// The counters in one line.
    public var summary: String {
        let frames = frames
        var parts = [
            "received \(frames.received): pass \(frames.pass), review \(frames.review), fail \(frames.fail), uninspected \(frames.uninspectedTotal)"
        ]
        if frames.uninspectedTotal > 0 {
            let reasons = frames.uninspected.map { "\($0.key.rawValue) \($0.value)" }.sorted().joined(separator: ", ")
            parts[0] += " (\(reasons))"
        }
        if frames.inFlight > 0 { parts.append("in flight \(frames.inFlight)") }
        parts.append("missing \(frames.missing)")
        if frames.late + frames.duplicates > 0 { parts.append("late \(frames.late), duplicates \(frames.duplicates)") }
        if rejected > 0 { parts.append("rejected messages \(rejected)") }
        if unpublished > 0 { parts.append("unpublished \(unpublished)") }
        if commitFailures > 0 { parts.append("failed commits \(commitFailures)") }
        if let median = latencyNs(quantile: 0.5), let p99 = latencyNs(quantile: 0.99) {
            parts.append("latency \(fixed(Double(median) / 1e6, 1)) ms (p99 \(fixed(Double(p99) / 1e6, 1)) ms)")
        }
        return parts.joined(separator: "; ")
    }
}
