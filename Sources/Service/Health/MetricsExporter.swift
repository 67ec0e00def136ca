import CoreMetrics
import Inspection

/// Tells swift-metrics what a health report says.
///
/// Counts are kept once, by the pipeline, so that every account of them agrees; here each becomes a counter that is brought up to it.
final class MetricsExporter: Sendable {
    private struct State {
        var counters: [Key: FollowingCounter] = [:]
        var sums: [Key: FollowingSum] = [:]
        var meters: [Key: Meter] = [:]
    }

    private struct Key: Hashable {
        var name: String
        var labels: [String]
    }

    private let factory: any MetricsFactory
    private let state = Monitor(State())

    init(factory: any MetricsFactory) { self.factory = factory }

    func export(_ report: HealthReport) {
        state.update { state in
            for camera in report.cameras { export(camera, &state) }
            count(MetricCatalog.rejectedMessages, [], report.rejectedMessages, &state)
            count(MetricCatalog.unpublishedEvents, [], report.unpublishedEvents, &state)
            set(MetricCatalog.queueCapacity, [], Double(report.pipeline.queuePerCamera), &state)
            if let deadline = report.pipeline.deadlineMs { set(MetricCatalog.deadline, [], Double(deadline) / 1000, &state) }
            set(MetricCatalog.healthy, [], report.isHealthy ? 1 : 0, &state)
            set(MetricCatalog.ready, [], report.isReady ? 1 : 0, &state)
            for (condition, times) in report.conditions { count(MetricCatalog.statusEvents, [condition], times, &state) }
            set(MetricCatalog.buildInfo, [report.build, report.model.hash], 1, &state)
            export(report.journal, &state)
            if let recording = report.recording { export(recording, &state) }
            export(report.process, &state)
            set(MetricCatalog.startTime, [], Double(report.startedUTCNs) / 1e9, &state)
        }
    }

    private func export(_ camera: HealthCamera, _ state: inout State) {
        let name = [camera.camera], frames = camera.frames
        count(MetricCatalog.framesReceived, name, frames.received, &state)
        for verdict in Verdict.allCases { count(MetricCatalog.verdicts, name + [verdict.rawValue], frames[verdict], &state) }
        for (reason, number) in frames.uninspected { count(MetricCatalog.uninspected, name + [reason], number, &state) }
        count(MetricCatalog.missingFrames, name, frames.missing, &state)
        count(MetricCatalog.lateFrames, name, frames.late, &state)
        count(MetricCatalog.duplicateFrames, name, frames.duplicates, &state)
        count(MetricCatalog.cameraRestarts, name, frames.restarts, &state)
        sum(MetricCatalog.modelSeconds, name, camera.modelSeconds, &state)
        set(MetricCatalog.queueFrames, name, Double(camera.queue), &state)
        set(MetricCatalog.inFlightFrames, name, Double(frames.inFlight), &state)
        set(MetricCatalog.lastFrameAge, name, camera.lastFrameAgeSeconds, &state)
    }

    private func export(_ journal: HealthReport.Journal, _ state: inout State) {
        set(MetricCatalog.journalSeq, [], Double(journal.seq), &state)
        set(MetricCatalog.journalFailing, [], journal.failing == nil ? 0 : 1, &state)
        count(MetricCatalog.commitFailures, [], journal.commitFailures, &state)
        if let bytes = journal.bytes { set(MetricCatalog.journalBytes, [], Double(bytes), &state) }
        if let bytes = journal.ballastBytes { set(MetricCatalog.journalBallast, [], Double(bytes), &state) }
        if let disk = journal.disk { export(disk, "journal", &state) }
    }

    private func export(_ recording: HealthReport.Recording, _ state: inout State) {
        set(MetricCatalog.recordingStopped, [], recording.stopped ? 1 : 0, &state)
        count(MetricCatalog.recordedFrames, [], recording.recorded, &state)
        count(MetricCatalog.unrecordedFrames, [], recording.unrecorded, &state)
        set(MetricCatalog.recordingWaiting, [], Double(recording.waitingBytes), &state)
        if let disk = recording.disk { export(disk, "recording", &state) }
    }

    private func export(_ disk: HealthReport.Disk, _ what: String, _ state: inout State) {
        set(MetricCatalog.diskFree, [what], Double(disk.freeBytes), &state)
        set(MetricCatalog.diskSize, [what], Double(disk.sizeBytes), &state)
    }

    private func export(_ process: ProcessSample, _ state: inout State) {
        if let seconds = process.cpuSeconds { sum(MetricCatalog.cpuSeconds, [], seconds, &state) }
        let gauges: [(MetricDescription, Double?)] = [
            (MetricCatalog.residentBytes, process.residentBytes.map { Double($0) }), (MetricCatalog.virtualBytes, process.virtualBytes.map { Double($0) }),
            (MetricCatalog.openDescriptors, process.openDescriptors.map { Double($0) }),
            (MetricCatalog.descriptorLimit, process.descriptorLimit.map { Double($0) }), (MetricCatalog.threads, process.threads.map { Double($0) }),
        ]
        for (metric, value) in gauges { if let value { set(metric, [], value, &state) } }
    }

    // MARK: Series

    private func count(_ metric: MetricDescription, _ labels: [String], _ total: UInt64, _ state: inout State) {
        let key = Key(name: metric.name, labels: labels)
        var counter = state.counters[key] ?? FollowingCounter(Counter(label: metric.name, dimensions: dimensions(metric, labels), factory: factory))
        counter.follow(total)
        state.counters[key] = counter
    }

    private func sum(_ metric: MetricDescription, _ labels: [String], _ total: Double, _ state: inout State) {
        let key = Key(name: metric.name, labels: labels)
        var sum = state.sums[key] ?? FollowingSum(FloatingPointCounter(label: metric.name, dimensions: dimensions(metric, labels), factory: factory))
        sum.follow(total)
        state.sums[key] = sum
    }

    private func set(_ metric: MetricDescription, _ labels: [String], _ value: Double, _ state: inout State) {
        let key = Key(name: metric.name, labels: labels)
        let meter = state.meters[key] ?? Meter(label: metric.name, dimensions: dimensions(metric, labels), factory: factory)
        state.meters[key] = meter
        meter.set(value)
    }

    private func dimensions(_ metric: MetricDescription, _ labels: [String]) -> [(String, String)] { Array(zip(metric.labels, labels)) }
}
