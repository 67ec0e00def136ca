import Dispatch
import Inspection
import Logging
import ServiceLifecycle
import Streaming

/// Publishes the journal's events to an MQTT broker, on a thread of its own. A broker that is away, for however long, holds up nothing else:
/// events wait in the journal.
struct MQTTService: Service {
    let progress = Monitor(MQTTForwarder.Progress())

    private let settings: MQTTSettings
    /// Path.
    private let journal: String
    private let beginning: OutputPosition
    private let build: String
    private let logger: Logger
    private let tell: @Sendable (StatusEvent.Condition, String) -> Void
    private let wake: WakeUp

    /// How long a stop waits for the thread: looking a name up may take longer.
    private static let stopLimit = DispatchTimeInterval.seconds(5)

    /// To be made before this run writes to the journal.
    ///
    /// - Parameter tell: publishes a status event.
    /// - Throws: `FileError` for files that cannot be used, `JournalError` for the position beside the journal, `StreamingError`.
    init(
        _ settings: MQTTSettings, journal: String, build: String, logger: Logger, tell: @escaping @Sendable (StatusEvent.Condition, String) -> Void
    ) throws {
        let findings = settings.findings
        guard findings.isEmpty else { throw FileError(findings) }
        let (position, note) = try MQTTForwarder.begin(journal: journal)
        if let note { logger.notice("mqtt: \(note)") }
        self.settings = settings
        self.journal = journal
        self.build = build
        self.logger = logger
        self.tell = tell
        beginning = position
        wake = try WakeUp()
        progress.update { $0.position = position.seq }
    }

    /// The journal has new events. Never waits.
    func notice() { wake.raise() }

    func run() async throws {
        let stop = StopFlag(), end = Monitor<CheckedContinuation<Void, Never>?>(nil)
        @Sendable func finish() { end.update { waiting in defer { waiting = nil }; return waiting }?.resume() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                end.update { $0 = continuation }
                DispatchQueue(label: "flawd.mqtt").async { @Sendable in
                    forward(until: stop)
                    finish()
                }
            }
        } onCancelOrGracefulShutdown: {
            stop.set()
            wake.raise()
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.stopLimit) { @Sendable in finish() }
        }
    }

    private func forward(until stop: StopFlag) {
        var reports = MQTTReports(settings: settings, logger: logger, tell: tell)
        let forwarder = MQTTForwarder(
            settings: settings, journal: journal, position: beginning, build: build, utcNs: PipelineClock.system.utcNs, wake: wake,
            tell: { reports.report($0) }, observe: { now in progress.update { $0 = now } })
        var pause = Pause()
        while !stop.isSet {
            let taken = forwarder.progress.acknowledged
            do { try forwarder.converse { stop.isSet } } catch { reports.isAway(error) }
            if forwarder.progress.acknowledged > taken { pause = Pause() }
            let end = ContinuousClock.now + pause.next()
            while !stop.isSet, .now < end { wake.wait(timeoutMs: max(1, Int((end - .now) / .milliseconds(1)))) }
        }
    }

    /// Between attempts to connect: 1 s, then twice as long each time, up to 30 s; a little more or less, so that lines do not come all at once.
    struct Pause {
        private var seconds = 1.0

        mutating func next() -> Duration {
            defer { seconds = min(seconds * 2, 30) }
            return .seconds(seconds * .random(in: 0.8...1))
        }
    }
}
