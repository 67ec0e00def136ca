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
    private let models: CameraModels
    /// Where subscribers ask for what they missed.
    private let output: MessagingContext
    private let recording: FrameKeeper?
    private let mqtt: MQTTService?
    private let logger: Logger

    /// Loads the model and the region file.
    ///
    /// - Throws: `FileError`, `CheckpointError`, or `StreamingError` when messaging cannot begin.
    public init(configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        // Before a file is in force, so that the journal knows every file that a verdict names.
        let archive = RegionArchive()
        let regions = try ReloadableFile(path: configuration.regions) { path in
            let file = try RegionFile(path: path)
            archive.add(file)
            return file
        }
        let models = try CameraModels(configuration)
        // Two contexts: shutting the first one down ends the blocked receive, and the second lives until the drain ends.
        let intake = try MessagingContext()
        let output = try MessagingContext()
        let plans = PlanCache<InspectionPlan>(capacity: configuration.pipeline.maxCameras * 2)
        let threads = configuration.threads
        let status = StatusInbox(), build = BuildIdentity.current()
        recording = try configuration.recording.map { settings in
            try Self.makeFolder(settings.folder)
            return FrameKeeper(
                settings: settings, regions: regions, configuration: try configuration.file.map(Self.attachment), program: "flawd \(build)",
                logger: logger, tell: status.say)
        }
        let mqtt = try configuration.mqtt.flatMap { settings in
            try configuration.journal.map { try MQTTService(settings, journal: $0.path, build: build, logger: logger, tell: status.say) }
        }
        let stages = PipelineStages(
            makeSource: {
                try SocketSource(
                    context: intake, endpoints: configuration.subscribe.endpoints, topics: configuration.subscribe.topics,
                    limits: configuration.limits)
            },
            makeDecoder: { FrameDecoder(limits: configuration.limits.image) },
            makeInspector: { ModelInspector(models: models, threads: threads, regions: regions, plans: plans, logger: logger) },
            makeSink: { try SocketSink(context: output, endpoints: configuration.publish.endpoints) },
            makeLedger: {
                guard let journal = configuration.journal else { return RunLedger() }
                return try JournalLedger(path: journal.path, settings: journal.settings, regions: archive, committed: { mqtt?.notice() })
            },
            interruptSource: { intake.shutdown() }, tap: recording)
        self.regions = regions
        self.models = models
        self.output = output
        self.mqtt = mqtt
        pipeline = Pipeline(
            settings: configuration.pipeline, stages: stages,
            identity: PipelineIdentity(model: models.base.hash, build: build), status: status, logger: logger)
    }

    /// - Throws: `FileError` naming the folder.
    private static func makeFolder(_ path: String) throws(FileError) {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw FileError([.init(file: path, problem: "cannot be made: \(error.localizedDescription); recording.folder names a folder that flawd may write")])
        }
    }

    /// How far the MQTT output has got; nil: there is none.
    public var mqttProgress: MQTTForwarder.Progress? { mqtt?.progress.read { $0 } }

    /// The configuration, for recordings.
    private static func attachment(_ path: String) throws(FileError) -> FrameRecorder.Attachment {
        do { return FrameRecorder.Attachment(name: "flawd.yaml", mediaType: "application/yaml", data: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))) } catch {
            throw FileError([.init(file: path, problem: "cannot be read: \(error.localizedDescription)")])
        }
    }

    /// Runs until a signal or a failure ends it. Every frame that was received has its verdict when this returns.
    ///
    /// - Throws: what made the pipeline fail.
    public func run() async throws {
        let reloader = RegionReloader(file: regions, models: models, logger: logger, tell: pipeline.status.say)
        let settings = configuration.pipeline
        for line in models.explanation { logger.info("\(line)") }
        logger.info("regions \(configuration.regions) revision \(regions.current.revision)")
        let asked = regions.current
        for warning in asked.warnings + models.warnings(about: asked) { logger.warning("regions: \(warning)") }
        for endpoint in configuration.subscribe.endpoints { logger.info("frames: \(endpoint)") }
        for endpoint in configuration.publish.endpoints { logger.info("verdicts: \(endpoint)") }
        if let journal = configuration.journal {
            logger.info("journal: \(journal.path), \(journal.settings.durability.rawValue)")
        } else {
            logger.warning("no journal: verdicts are not kept, and a subscriber that is away misses them (journal: in the configuration)")
        }
        if let recording = configuration.recording { logger.info("recording: \(recording.selection), into \(recording.folder)") }
        if let mqtt = configuration.mqtt { logger.info("mqtt: \(mqtt.broker), topics \(mqtt.topics.prefix)/\(mqtt.topics.line)/…") }
        for endpoint in configuration.publish.catchUp { logger.info("catch-up: \(endpoint)") }
        logger.info(
            "\(settings.workers) worker(s) of \(configuration.threads) thread(s), \(settings.queuePerCamera) frames a camera, \(settings.policy.rawValue), deadline \(settings.deadlineMs.map { "\($0) ms" } ?? "none")")
        let work = PipelineService(pipeline: pipeline) { [logger] in logger.notice("ready") }
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: SignalService(pipeline: pipeline, reloader: reloader, logger: logger)),
            .init(service: reloader),
            .init(service: StatisticsService(pipeline: pipeline, logger: logger)),
        ]
        if let journal = configuration.journal, !configuration.publish.catchUp.isEmpty {
            services.append(.init(service: CatchUpService(context: output, endpoints: configuration.publish.catchUp, journal: journal.path)))
        }
        // Stopped after the pipeline, so that the last events are told, too.
        if let mqtt { services.append(.init(service: mqtt)) }
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
