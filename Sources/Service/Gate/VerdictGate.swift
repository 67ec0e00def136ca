import Dispatch
import Inspection
import Logging
import SegmentAnything
import SelfPerception
import Streaming

/// `flawd replay --gate`: inspects recordings again, as the daemon would now, and compares with the verdicts of then.
///
/// The calling thread reads, hashes and brings frames and verdicts together; workers decode, inspect and compare; one thread takes their
/// answers in the order of frames, counts them and hands them on. A bounded queue of frames under way holds the reader back, so memory
/// does not depend on the recordings' length, and answers do not depend on the number of workers.
public struct VerdictGate: Sendable {
    public struct Settings: Sendable {
        /// Threads that inspect, each with a session of the model and with `threads` cores.
        public var workers = 1
        public var threads = 1
        /// Frames that were received in here; ns since 1970.
        public var times: ClosedRange<UInt64> = 0...UInt64.max
        public var tolerance = GateTolerance()
        /// Changes of which the report has pictures.
        public var cases = 20

        public init() {}
    }

    /// What fresh verdicts name as their journal.
    public static let epoch = "gate"

    /// How long after its frame a verdict is looked for beyond the end of `times`, in ns of recorded time.
    private static let patienceNs: UInt64 = 600_000_000_000

    private let recordings: GateRecordings
    private let settings: Settings
    private let configuration: Configuration
    private let regions: ReloadableFile<RegionFile>
    private let models: CameraModels
    private let identity: PipelineIdentity
    private let logger: Logger

    /// Loads the models and the region file of a configuration, of which nothing else counts but the limits of pictures.
    ///
    /// - Throws: `FileError` or `CheckpointError` naming the file.
    public init(_ recordings: GateRecordings, configuration: Configuration, settings: Settings, logger: Logger) throws {
        precondition(settings.workers > 0 && settings.threads > 0)
        self.recordings = recordings
        self.settings = settings
        self.configuration = configuration
        self.logger = logger
        regions = try ReloadableFile(path: configuration.regions) { try RegionFile(path: $0) }
        models = try CameraModels(configuration)
        identity = PipelineIdentity(model: models.base.hash, build: BuildIdentity.current())
    }

    /// What of the region file may not be meant.
    public var warnings: [String] { regions.current.warnings + models.warnings(about: regions.current) }

    /// Inspects everything. Blocks: for a thread of the caller's own.
    ///
    /// - Parameters:
    ///   - isStopped: asked after each frame.
    ///   - take: is given the fresh verdicts in the order of frames, the same bytes in every run, and how many changed so far; called from
    ///     one thread. What it throws ends the run.
    /// - Throws: `GateError` where there turn out to be no recorded verdicts, and what `take` throws.
    public func run(
        isStopped: @escaping @Sendable () -> Bool = { false }, take: @escaping @Sendable (VerdictEvent, _ changed: Int) throws -> Void = { _, _ in }
    ) throws -> GateReport {
        let begun = ContinuousClock.now, threads = DispatchGroup()
        // As many as keep every worker busy while the reader or the reporter has a long moment.
        let room = 2 * settings.workers + 2
        let work = BoundedQueue<GateTask>(capacity: room), underWay = BoundedQueue<GateTask>(capacity: room)
        let plans = PlanCache<InspectionPlan>(capacity: 128)
        for index in 0..<settings.workers {
            spawn("inspect.\(index)", threads) {
                let worker = GateWorker(
                    decoder: FrameDecoder(limits: configuration.limits.image),
                    inspector: ModelInspector(models: ModelShelf(models), threads: settings.threads, regions: regions, plans: plans, logger: logger),
                    identity: identity)
                while let task = work.pop() { worker.work(task) }
            }
        }
        let reporter = Monitor<Result<GateReport, any Error>?>(nil)
        spawn("report", threads) {
            let result = Result { try collect(underWay, take) }
            // A reader that waits for room learns of it.
            underWay.close(discarding: true)
            reporter.update { $0 = result }
        }
        var reader = GateReader(recordings, times: settings.times, patienceNs: Self.patienceNs) { task in
            guard underWay.push(task) == nil else { return false }
            _ = work.push(task)
            return !isStopped()
        }
        let found = reader.read()
        work.close()
        underWay.close()
        threads.wait()
        var report = try reporter.read { $0 }?.get() ?? GateReport(recordings: [])
        guard report.frames > 0 || isStopped() || !found.losses.isEmpty else {
            throw GateError("\(recordings.paths.first ?? ""): no frame of those that are wanted (--camera, --from, --to)")
        }
        guard found.verdicts > 0 || isStopped() else { throw GateRecordings.noVerdicts(recordings.paths, of: []) }
        report.isStopped = isStopped()
        report.losses = found.losses
        report.verdictsWithoutFrame = found.orphans
        report.unreadableVerdicts = found.unreadable
        report.problems = found.problems + report.problems
        report.workers = settings.workers
        report.threads = settings.threads
        report.seconds = (ContinuousClock.now - begun) / .seconds(1)
        return report
    }

    /// The reporting thread.
    private func collect(_ underWay: BoundedQueue<GateTask>, _ take: (VerdictEvent, Int) throws -> Void) throws -> GateReport {
        var tally = GateTally(recordings: recordings.paths, tolerance: settings.tolerance), seq: UInt64 = 0
        let gallery = GateGallery(most: settings.cases, regions: regions.current, limits: configuration.limits.image)
        while let task = underWay.pop() {
            let answer = task.settled()
            var event = answer.event
            seq += 1
            event.seq = seq
            if let change = tally.add(event, recorded: task.recorded, comparison: answer.comparison), let recorded = task.recorded {
                gallery.offer(change, task.frame, recorded: recorded, fresh: event)
            }
            try take(event, tally.report.changed)
        }
        var report = tally.finished()
        report.cases = gallery.cases
        return report
    }

    private func spawn(_ name: String, _ group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
        group.enter()
        DispatchQueue(label: "flawd.gate.\(name)").async { @Sendable in
            body()
            group.leave()
        }
    }
}
