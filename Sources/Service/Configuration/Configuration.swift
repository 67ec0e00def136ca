import Foundation
import Imaging
import Inspection
import Logging
import SelfPerception
import Streaming

/// Everything `flawd run` is told: decoded once, validated once, passed down.
public struct Configuration: Sendable, Equatable {
    /// `nano` (the embedded model) or the path of a model file.
    public var model = SPTModel.embeddedName
    /// SPT adapters of single cameras; others are inspected by the model as it is.
    public var adapters: [CameraAdapter] = []
    /// Path of the region file.
    public var regions = ""
    public var subscribe = Subscription()
    public var publish = Publication()
    /// nil: flawd has no key, so connections are plain.
    public var security: Security?
    /// nil: verdicts are numbered, but not kept.
    public var journal: JournalFile?
    /// nil: frames are not recorded.
    public var recording: RecordingSettings?
    /// Where commands come from; empty: from signals alone.
    public var control: [Endpoint] = []
    /// Parts whose verdicts are known; nil: none are.
    public var golden: GoldenSettings?
    /// nil: nobody is answered over HTTP.
    public var http: HTTPSettings?
    /// nil: events are not published to an MQTT broker. It needs a journal.
    public var mqtt: MQTTSettings?
    public var pipeline = PipelineSettings()
    /// Cores that one inspection uses.
    public var threads = 1
    public var limits = Limits()
    public var logLevel = Logger.Level.info
    /// Keys that came from the environment, for people.
    public var overridden: [String] = []
    /// Path of the file that this was read from.
    public var file: String?

    /// Which cameras an adapter's file is for.
    public struct CameraAdapter: Sendable, Equatable {
        public var cameras: CameraPattern
        public var path: String
    }

    public struct Subscription: Sendable, Equatable {
        public var endpoints: [Endpoint] = []
        /// Prefixes of the topics to subscribe to; empty: everything.
        public var topics: [String] = []
        public var security = SectionSecurity()
        public init() {}
    }

    public struct Publication: Sendable, Equatable {
        public var endpoints: [Endpoint] = []
        /// Where subscribers ask for what they missed; needs a journal.
        public var catchUp: [Endpoint] = []
        public var security = SectionSecurity()
        public init() {}
    }

    /// Where the journal is and how it is kept.
    public struct JournalFile: Sendable, Equatable {
        public var path: String
        public var settings = JournalSettings()

        public init(path: String) { self.path = path }
    }

    /// The largest things that are accepted from outside.
    public struct Limits: Sendable, Equatable {
        public var image = ImageLimits()
        public var maxMessageMB = 64
        /// Messages that are received from cameras in a second, all together.
        public var maxFramesPerSecond = 10_000
        /// Requests of one subscriber that are answered in a second.
        public var maxCatchUpPerSecond = CatchUpServer.standardRate
        public init() {}

        public var stream: StreamLimits {
            var limits = StreamLimits()
            limits.maxMessageBytes = maxMessageMB << 20
            limits.messagesPerSecond = maxFramesPerSecond
            return limits
        }
    }

    /// Defaults for this machine: a worker for every four cores, which share the cores.
    public init(cores: Int = ProcessInfo.processInfo.activeProcessorCount) {
        pipeline.workers = max(1, cores / 4)
        threads = max(1, cores / pipeline.workers)
    }
}
