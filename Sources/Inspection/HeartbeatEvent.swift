/// The JSON of `status/heartbeat`, every second: a subscriber whose last `seq` is below this one has lost the end of the row.
public struct HeartbeatEvent: Sendable, Codable, Equatable {
    public static let topic = "status/heartbeat"

    public var schemaVersion = 1
    public var type = "heartbeat"
    public var epoch: String
    /// The highest number that was published.
    public var seq: UInt64
    public var durability: EventDurability
    public var publishedUTCNs: Int64

    public init(epoch: String, seq: UInt64, durability: EventDurability, publishedUTCNs: Int64) {
        self.epoch = epoch
        self.seq = seq
        self.durability = durability
        self.publishedUTCNs = publishedUTCNs
    }

    enum CodingKeys: String, CodingKey {
        case type, epoch, seq, durability
        case schemaVersion = "schema_version"
        case publishedUTCNs = "published_utc_ns"
    }
}
