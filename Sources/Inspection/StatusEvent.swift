/// The JSON of `status/event`: something that people should look after. It has no number and is not in the journal.
public struct StatusEvent: Sendable, Codable, Equatable {
    public static let topic = "status/event"

    public enum Condition: String, Sendable, Codable, CaseIterable {
        /// Verdicts cannot be committed, and wait; they can again; they could not, and flawd ends.
        case journalFailing = "journal_failing", journalRecovered = "journal_recovered", journalFailed = "journal_failed"
        /// A new region file is in force, or is not usable and the old one stays.
        case regionsReplaced = "regions_replaced", regionsRefused = "regions_refused"
        /// Frames are not recorded any more, or are again.
        case recordingStopped = "recording_stopped", recordingResumed = "recording_resumed"
        /// The MQTT broker is away, or takes what comes again; events went out of the journal before it took them, or it never will.
        case mqttDisconnected = "mqtt_disconnected", mqttConnected = "mqtt_connected", mqttLost = "mqtt_lost"
    }

    public var schemaVersion = 1
    public var type = "status"
    public var condition: Condition
    /// For people.
    public var detail: String
    public var publishedUTCNs: Int64

    public init(_ condition: Condition, detail: String, publishedUTCNs: Int64) {
        self.condition = condition
        self.detail = detail
        self.publishedUTCNs = publishedUTCNs
    }

    enum CodingKeys: String, CodingKey {
        case type, condition, detail
        case schemaVersion = "schema_version"
        case publishedUTCNs = "published_utc_ns"
    }
}
