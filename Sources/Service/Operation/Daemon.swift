import Foundation
import Inspection
import Logging
import SelfPerception
import ServiceLifecycle
import Streaming

/// `flawd run`: the parts put together from a configuration.
public struct Daemon: Sendable {
    public let pipeline: Pipeline
    private let configuration: Configuration
    private let regions: ReloadableFile<RegionFile>
    private let models: ModelShelf
    private let golden: GoldenKeeper
    private let board = SubscriptionBoard()
    private let level: SharedLogLevel
    private let manager: ServiceManager?
    private let reread: @Sendable () throws -> Configuration
    /// Where subscribers ask for what they missed.
    private let output: MessagingContext
    private let recording: FrameKeeper?
    private let security: ConnectionSecurity
    private let metrics: PrometheusRegistry
    private let health: HealthMonitor
    private let gate: PageGuard?
    /// nil: there is no page to look at.
    private let page: RecentFrames?
    private let mqtt: MQTTService?
    private let logger: Logger

    /// Loads the model and the region file.
    ///
    /// - Parameters:
    ///   - metrics: where `/metrics` is read from.
    ///   - reread: reads the configuration again, when it is told to reload.
    ///   - level: of all loggers; a reload changes it.
    ///   - manager: nil: nobody wants to hear how it is.
    /// - Throws: `FileError`, `CheckpointError`, `CurveError`, `HTTPServiceError`, or `StreamingError` when messaging cannot begin.
    public init(
        configuration: Configuration, reread: @escaping @Sendable () throws -> Configuration, level: SharedLogLevel, manager: ServiceManager? = nil,
        metrics: PrometheusRegistry = PrometheusRegistry(), logger: Logger
    ) throws {
        self.reread = reread
        self.level = level
        self.manager = manager
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        if let http = configuration.http { try HTTPService.probe(http.address) }
        gate = try configuration.http.map { try PageGuard($0, logger: logger) }
        let page = configuration.http?.servesPage == true ? RecentFrames() : nil
        self.page = page
        // Before a file is in force, so that the journal knows every file that a verdict names.
        let archive = RegionArchive()
        let regions = try ReloadableFile(path: configuration.regions) { path in
            let file = try RegionFile(path: path)
            archive.add(file)
            return file
        }
        let models = ModelShelf(try CameraModels(configuration)), board = board
        let samples = try configuration.golden.map { try GoldenSamples($0, regions: regions.current) }
        // Two contexts: shutting the first one down ends the blocked receive, and the second lives until the drain ends.
        let status = StatusInbox(), build = BuildIdentity.current()
        let security = try ConnectionSecurity(configuration, status: status, logger: logger)
        let intake = try MessagingContext(authority: security.authority)
        let output = try MessagingContext(authority: security.authority)
        let plans = PlanCache<InspectionPlan>(capacity: configuration.pipeline.maxCameras * 2)
        let threads = configuration.threads
        recording = try configuration.recording.map { settings in
            try Self.makeFolder(settings.folder)
            return FrameKeeper(
                settings: settings, regions: regions, configuration: try configuration.file.map(FrameRecorder.Attachment.init(configuration:)), program: "flawd \(build)",
                logger: logger, tell: status.say)
        }
        let mqtt = try configuration.mqtt.flatMap { settings in
            try configuration.journal.map { try MQTTService(settings, journal: $0.path, build: build, logger: logger, tell: status.say) }
        }
        let stages = PipelineStages(
            makeSource: {
                try SocketSource(
                    context: intake, subscription: configuration.subscribe, limits: configuration.limits, board: board,
                    secured: security.endpoints, report: security.reportRefusal)
            },
            makeDecoder: { FrameDecoder(limits: configuration.limits.image) },
            makeInspector: { ModelInspector(models: models, threads: threads, regions: regions, plans: plans, logger: logger) },
            makeSink: { try SocketSink(context: output, endpoints: try security.endpoints(of: configuration.publish), tell: status.say) },
            makeLedger: {
                guard let journal = configuration.journal else { return RunLedger() }
                return try JournalLedger(path: journal.path, settings: journal.settings, regions: archive, committed: { mqtt?.notice() })
            },
            interruptSource: { intake.shutdown() }, taps: (recording.map { [$0] } ?? []) + (page.map { [$0] } ?? []))
        self.regions = regions
        self.models = models
        self.output = output
        self.security = security
        self.mqtt = mqtt
        pipeline = Pipeline(
            settings: configuration.pipeline, stages: stages,
            identity: PipelineIdentity(model: models.current.base.hash, build: build), status: status, metrics: metrics, logger: logger)
        golden = GoldenKeeper(samples, pipeline: pipeline, limits: configuration.limits.image, logger: logger)
        health = HealthMonitor(
            pipeline: pipeline,
            sources: HealthSources(
                build: build, model: { .init(path: models.current.base.path, hash: models.current.base.hash) },
                regions: { .init(path: regions.path, revision: regions.current.revision) }, journal: configuration.journal?.path, recording: recording))
    }

    /// - Throws: `FileError` naming the folder.
    private static func makeFolder(_ path: String) throws(FileError) {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw FileError([.init(file: path, problem: "cannot be made: \(error.localizedDescription); recording.folder names a folder that flawd may write")])
        }
    }

    /// How far the MQTT output has got; nil: there is none.
    public var mqttProgress: MQTTForwarder.Progress? { mqtt?.progress.read { $0 } }

    private func routes(
        _ http: HTTPSettings, _ gate: PageGuard, _ exporter: MetricsExporter, _ controller: StationController, _ reloader: ConfigurationReloader
    ) -> [any HTTPRoutes] {
        var routes: [any HTTPRoutes] = [
            HealthRoutes(monitor: health, exporter: exporter, registry: metrics), CommandRoutes(controller: controller, gate: gate) { [pipeline] in try? pipeline.notes.keep([.audit($0)]) },
        ]
        guard let page else { return routes }
        let journal = configuration.journal?.path, limits = configuration.limits.image
        let beside = URL(fileURLWithPath: journal ?? configuration.file ?? ".").deletingLastPathComponent().path
        let parts = PageParts(
            gate: gate, recent: page, monitor: health, regionFile: regions,
            regions: RegionDesk(pipeline: pipeline, file: regions, reloader: reloader, journal: PageJournal(path: journal), limits: limits),
            review: ReviewDesk(
                pipeline: pipeline, recent: page, journal: PageJournal(path: journal), recordings: configuration.recording?.folder, exports: http.exports ?? "\(beside)/exports",
                limits: limits),
            limits: limits)
        routes += [PageRoutes(gate: gate), SessionRoutes(parts: parts), LiveRoutes(parts: parts), RegionRoutes(parts: parts), ReviewRoutes(parts: parts)]
        return routes
    }

    /// Keeps in the journal what was changed in the region file by hand, without holding up whoever noticed it.
    private var editRecorder: @Sendable (RegionFile, RegionFile) -> Void {
        guard configuration.journal != nil else { return { _, _ in } }
        let queue = DispatchQueue(label: "flawd.edits", qos: .utility), path = configuration.regions
        return { [pipeline, logger] before, after in
            let entry = AuditEntry(
                utcNs: pipeline.clock.utcNs(), who: "the file on the disk", action: "edited", subject: path, before: RegionDesk.record(before.bytes), after: RegionDesk.record(after.bytes))
            queue.async { @Sendable in
                do { try pipeline.notes.keep([.audit(entry)]) } catch { logger.warning("the record of changes lacks the new \(path): \(error)") }
            }
        }
    }

    /// The chart of a shift goes on after a restart.
    private func rememberYield() {
        guard let page, let journal = configuration.journal?.path, FileManager.default.fileExists(atPath: journal) else { return }
        let now = pipeline.clock.utcNs(), since = now - YieldChart.spanSeconds * 1_000_000_000 * Int64(YieldChart.spans)
        DispatchQueue(label: "flawd.yield", qos: .utility).async { @Sendable [logger] in
            do { page.addYield(try JournalReader(path: journal).verdictCounts(published: since..<now, seconds: YieldChart.spanSeconds)) } catch {
                logger.warning("the page's chart begins now: \(error)")
            }
        }
    }

    /// Runs until a signal or a failure ends it. Every frame that was received has its verdict when this returns.
    ///
    /// - Throws: what made the pipeline fail.
    public func run() async throws {
        let reloader = ConfigurationReloader(
            configuration, parts: .init(regions: regions, models: models, board: board, level: level, golden: golden, recording: recording, edited: editRecorder), reread: reread,
            manager: manager, logger: logger, tell: pipeline.status.say)
        let loaded = models.current
        for line in loaded.explanation { logger.info("\(line)") }
        logger.info("regions \(configuration.regions) revision \(regions.current.revision)")
        let asked = regions.current
        for warning in asked.warnings + loaded.warnings(about: asked) { logger.warning("regions: \(warning)") }
        if let line = security.explanation { logger.notice("\(line)") }
        for line in configuration.explanation { logger.info("\(line)") }
        if configuration.journal == nil {
            logger.warning("no journal: verdicts are not kept, and a subscriber that is away misses them (journal: in the configuration)")
        }
        let station = pipeline.station, catchUp = try security.catchUp(of: configuration.publish)
        let answersCatchUp = configuration.journal != nil && !catchUp.isEmpty
        var parts: Set = ["pipeline", "signals"]
        if answersCatchUp { parts.insert("catch-up") }
        if !configuration.control.isEmpty { parts.insert("control") }
        if configuration.http != nil { parts.insert("http") }
        let gate = StartGate(parts) { [logger, manager] in
            station.isUp()
            logger.notice("ready")
            manager?.ready("ready, no frame yet")
        }
        rememberYield()
        let controller = StationController(reloader: reloader, golden: golden, station: station)
        let work = PipelineService(pipeline: pipeline) { gate.isUp("pipeline") }
        let exporter = MetricsExporter(factory: metrics)
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: HealthService(monitor: health, exporter: exporter, logger: logger)),
            .init(service: SignalService(pipeline: pipeline, reloader: reloader, manager: manager, logger: logger) { gate.isUp("signals") }),
            .init(service: RegionWatcher(reloader: reloader) { [regions] in regions.path }),
            .init(service: StatisticsService(pipeline: pipeline, logger: logger)),
            .init(service: StationService(station: station, pipeline: pipeline)),
            .init(service: golden),
        ]
        if let http = configuration.http, let access = self.gate {
            services.append(.init(service: HTTPService(
                settings: http, gate: access, routes: routes(http, access, exporter, controller, reloader), metrics: metrics, logger: logger
            ) { _ in gate.isUp("http") }))
        }
        if let manager { services.append(.init(service: SystemdService(manager: manager, pipeline: pipeline, station: station, logger: logger) { [health] in health.report().stalls.first })) }
        if answersCatchUp, let journal = configuration.journal {
            services.append(.init(service: CatchUpService(
                context: output, endpoints: catchUp, journal: journal.path, requestsPerSecond: configuration.limits.maxCatchUpPerSecond
            ) { gate.isUp("catch-up") }))
        }
        if !configuration.control.isEmpty {
            services.append(.init(service: ControlService(context: output, endpoints: configuration.control, controller: controller) { gate.isUp("control") }))
        }
        // Stopped after the pipeline, so that the last events are told, too.
        if let mqtt { services.append(.init(service: mqtt)) }
        if let allowed = security.allowed { services.append(.init(service: KeyReloader(file: allowed, logger: logger, tell: pipeline.status.say))) }
        // Stopped after the pipeline, so that the last frames are recorded, too.
        if let recording { services.append(.init(service: recording)) }
        services.append(.init(service: work, successTerminationBehavior: .gracefullyShutdownGroup))
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services,
                logger: Logger(label: "flawd.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        defer { logger.notice("done: \(pipeline.snapshot.summary)") }
        try await group.run()
    }
}
