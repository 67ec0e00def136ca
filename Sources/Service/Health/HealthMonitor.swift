import Inspection

/// Looks at the pipeline, the disks and the process once a second, and answers at any time how things are.
///
/// `look` may wait for a disk and belongs to a thread of its own; `report` never waits.
final class HealthMonitor: Sendable {
    private struct State {
        var rates = FrameRates()
        var process = ProcessSample()
        var journalBytes: Int64?
        var ballastBytes: Int64?
        var journalDisk: HealthReport.Disk?
        var recordingDisk: HealthReport.Disk?
        /// How many frames had left the pipeline when one last did, or when it was last empty; and when that was.
        var departed: UInt64 = 0
        var departedNs: Int64?
        var lookedNs: Int64?
    }

    let pipeline: Pipeline
    private let sources: HealthSources
    private let startedUTCNs: Int64
    private let startedNs: Int64
    private let state = Monitor(State())

    init(pipeline: Pipeline, sources: HealthSources) {
        self.pipeline = pipeline
        self.sources = sources
        startedUTCNs = pipeline.clock.utcNs()
        startedNs = pipeline.clock.monotonicNs()
    }

    /// Takes what `report` tells between two looks.
    func look() {
        let process = ProcessSample.current()
        // With what SQLite has not written back yet.
        let journalBytes = sources.journal.flatMap { path in fileBytes(path).map { $0 + (fileBytes(path + "-wal") ?? 0) } }
        let ballastBytes = sources.journal.map { fileBytes($0 + ".ballast") ?? 0 }
        let journalDisk = sources.journal.flatMap(HealthReport.Disk.init(of:))
        let recordingDisk = sources.recording.flatMap { HealthReport.Disk(of: $0.folder) }
        let counters = pipeline.snapshot, now = pipeline.clock.monotonicNs()
        state.update { state in
            state.rates.note(counters.cameras.map(\.frames.received), at: now)
            state.process = process
            state.journalBytes = journalBytes
            state.ballastBytes = ballastBytes
            state.journalDisk = journalDisk
            state.recordingDisk = recordingDisk
            state.lookedNs = now
            let frames = counters.frames
            if state.departedNs == nil || frames.inFlight == 0 || frames.verdicts != state.departed {
                state.departed = frames.verdicts
                state.departedNs = now
            }
        }
    }

    func report() -> HealthReport {
        let counters = pipeline.snapshot, frames = counters.frames, queued = pipeline.intake.counts, ledger = pipeline.ledgerState.read { $0 }
        let station = pipeline.station.report, told = pipeline.status.told
        let (now, utc, state) = (pipeline.clock.monotonicNs(), pipeline.clock.utcNs(), state.read { $0 })
        let stalls = stalls(at: now, frames, looked: state.lookedNs, since: state.departed == frames.verdicts ? state.departedNs : nil)
        let cameras = counters.cameras.enumerated().map { lane, camera in
            HealthCamera(
                camera: camera.camera, frames: HealthFrames(camera.frames), framesPerSecond: state.rates.perSecond(lane: lane),
                queue: lane < queued.count ? queued[lane] : 0, lastFrameAgeSeconds: Double(max(0, now - camera.lastReceivedNs)) / 1e9,
                modelSeconds: Double(camera.modelNs) / 1e9)
        }
        return HealthReport(
            publishedUTCNs: utc, startedUTCNs: startedUTCNs, uptimeSeconds: Double(now - startedNs) / 1e9, build: sources.build, state: station.state,
            detail: station.detail, stalls: stalls, hindrances: hindrances(station) + stalls, model: sources.model(), regions: sources.regions(),
            pipeline: .init(
                workers: pipeline.settings.workers, queuePerCamera: pipeline.settings.queuePerCamera, deadlineMs: pipeline.settings.deadlineMs),
            frames: HealthFrames(frames), framesPerSecond: cameras.reduce(0) { $0 + $1.framesPerSecond }, rejectedMessages: counters.rejected,
            unpublishedEvents: counters.unpublished, latencyMs: latencies(counters), cameras: cameras,
            journal: .init(
                path: sources.journal, epoch: ledger.epoch, seq: ledger.seq, durability: ledger.durability, failing: ledger.failure,
                commitFailures: counters.commitFailures, bytes: state.journalBytes, ballastBytes: state.ballastBytes, disk: state.journalDisk),
            recording: sources.recording.map {
                .init(
                    folder: $0.folder, stopped: $0.isStopped, recorded: $0.recordedCount, unrecorded: UInt64(clamping: $0.missedCount),
                    waitingBytes: $0.heldBytes, disk: state.recordingDisk)
            },
            process: state.process,
            conditions: Dictionary(uniqueKeysWithValues: StatusEvent.Condition.allCases.map { ($0.rawValue, told.counts[$0] ?? 0) }),
            events: told.last)
    }

    private func latencies(_ counters: PipelineCounters) -> [String: HealthReport.Latency] {
        var latencies: [String: HealthReport.Latency] = [:]
        for stage in FrameStage.allCases { latencies[stage.rawValue] = HealthReport.Latency(counters.latencies(of: stage)) }
        latencies["total"] = HealthReport.Latency(counters.latencies)
        return latencies
    }

    /// Why frames are not inspected and told as they should be, apart from threads that are stuck.
    private func hindrances(_ station: Station.Report) -> [String] {
        switch station.state {
        case .ready, .running: []
        case .starting: ["starting: the model, the journal or a socket is not up yet"]
        case .halted: ["halted: \(station.detail)"]
        case .error: ["error: \(station.detail)"]
        case .stopping: ["stopping: no more frames are taken"]
        }
    }

    /// A thread that has been at one thing for too long, frames that do not move, a disk that does not answer.
    ///
    /// - Parameters:
    ///   - looked: when disks and process last answered.
    ///   - since: when a frame last left the pipeline or none was in it; nil: one has left since the last look.
    private func stalls(at now: Int64, _ frames: FrameCounts, looked: Int64?, since: Int64?) -> [String] {
        guard pipeline.phase != .idle else { return [] }
        let patience = pipeline.settings.stallNs
        if let looked, now - looked > patience { return ["a disk does not answer: nothing is known for \((now - looked) / 1_000_000_000) s"] }
        var stalls = pipeline.stall.map { ["\($0)"] } ?? []
        if frames.inFlight > 0, let since, now - since > patience {
            stalls.append("\(frames.inFlight) frames are inside, and none has got its verdict for \((now - since) / 1_000_000_000) s")
        }
        return stalls
    }
}

extension HealthReport.Latency {
    fileprivate init?(_ window: LatencyWindow) {
        let sorted = window.values.sorted()
        guard let last = sorted.last else { return nil }
        func ms(_ share: Double) -> Double { Double(Service.quantile(share, of: sorted) ?? last) / 1e6 }
        self.init(p50: ms(0.5), p90: ms(0.9), p99: ms(0.99), max: Double(last) / 1e6)
    }
}
