import Inspection
import Logging
import Streaming

/// Tells people of the MQTT output: in the log, where what repeats is said every few minutes, and as status events.
struct MQTTReports {
    let settings: MQTTSettings
    let logger: Logger
    /// Publishes a status event.
    let tell: @Sendable (StatusEvent.Condition, String) -> Void

    /// Why the broker is away, as it was said last; nil: it is there.
    private var absence: (reason: String, said: ContinuousClock.Instant)?
    private let troubles = LogThrottle(intervalNs: 10_000_000_000), refusals = LogThrottle()

    private static let repetition = Duration.seconds(300)

    init(settings: MQTTSettings, logger: Logger, tell: @escaping @Sendable (StatusEvent.Condition, String) -> Void) {
        self.settings = settings
        self.logger = logger
        self.tell = tell
    }

    /// A connection ended, or did not come about.
    mutating func isAway(_ error: MQTTError) {
        if let absence, absence.reason == error.description, .now - absence.said < Self.repetition { return }
        if absence?.reason != error.description { tell(.mqttDisconnected, "\(error); events wait in the journal") }
        logger.error("mqtt: \(error); events wait in the journal, and flawd goes on trying")
        absence = (error.description, .now)
    }

    mutating func report(_ happening: MQTTForwarder.Happening) {
        switch happening {
        case .connected(let behind):
            absence = nil
            let detail = "connected to \(settings.broker), \(behind) event(s) wait"
            logger.notice("mqtt: \(detail)")
            tell(.mqttConnected, detail)
        case .gone(let range):
            let detail = "events \(range.lowerBound) to \(range.upperBound) left the journal before \(settings.broker) took them"
            logger.error("mqtt: \(detail); journal.keep_days and keep_mb say how long it can be away")
            tell(.mqttLost, detail)
        case .refused(let seq, let reason):
            let detail = "\(settings.broker) does not take event \(seq): \(reason)"
            tell(.mqttLost, detail)
            guard let more = refusals.admit(now: PipelineClock.system.monotonicNs()) else { return }
            logger.error("mqtt: \(detail)\(more > 0 ? " (and \(more) more)" : "")")
        case .otherJournal(let epoch):
            logger.notice("mqtt: the journal is another one, epoch \(epoch): its events are published from the first on")
        case .trouble(let error):
            guard troubles.admit(now: PipelineClock.system.monotonicNs()) != nil else { return }
            logger.error("mqtt: \(error)")
        }
    }
}
