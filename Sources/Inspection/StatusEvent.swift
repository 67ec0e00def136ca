/// The JSON of `status/event`: something that people should look after. It has no number and is not in the journal.
public struct StatusEvent: Sendable, Codable, Equatable {
    public static let topic = "status/event"

    public enum Condition: String, Sendable, Codable, CaseIterable {
        /// Verdicts cannot be committed, and wait; they can again; they could not, and flawd ends.
        case journalFailing = "journal_failing", journalRecovered = "journal_recovered", journalFailed = "journal_failed"
        /// A new region file is in force, or is not usable and the old one stays.
        case regionsReplaced = "regions_replaced", regionsRefused = "regions_refused"
        /// The whole has another state, which `state` names.
        case station
        /// A new configuration is in force, or is not usable and the old one stays.
        case configurationReplaced = "configuration_replaced", configurationRefused = "configuration_refused"
        /// Golden samples were all judged rightly, or some were not.
        case goldenRight = "golden_right", goldenWrong = "golden_wrong"
        /// Frames are not recorded any more, or are again.
        case recordingStopped = "recording_stopped", recordingResumed = "recording_resumed"
        /// Somebody who is not allowed wanted to connect; a new list of allowed keys is in force, or is not usable and the old one stays.
        case keyDenied = "key_denied", keysReplaced = "keys_replaced", keysRefused = "keys_refused"
        /// Somebody subscribed to more than can be kept, and every subscriber had to connect anew.
        case subscribersPutOff = "subscribers_put_off"
        /// The MQTT broker is away, or takes what comes again; events went out of the journal before it took them, or it never will.
        case mqttDisconnected = "mqtt_disconnected", mqttConnected = "mqtt_connected", mqttLost = "mqtt_lost"
    }

    public var schemaVersion = 1
    public var type = "status"
    public var condition: Condition
    /// For people.
    public var detail: String
    /// Of the station: starting, ready, running, halted, error, stopping.
    public var state: String?
    public var publishedUTCNs: Int64

    public init(_ condition: Condition, detail: String, state: String? = nil, publishedUTCNs: Int64) {
        self.condition = condition
        self.detail = detail
        self.state = state
        self.publishedUTCNs = publishedUTCNs
    }

    enum CodingKeys: String, CodingKey {
        case type, condition, detail, state
        case schemaVersion = "schema_version"
        case publishedUTCNs = "published_utc_ns"
    }
}
