/// The JSON of a `<camera>/missing` event: frames the producer counted and flawd never received.
public struct MissingEvent: Sendable, Codable, Equatable {
    public var schemaVersion = 1
    public var type = "missing"
    public var seq: UInt64
    public var epoch: String
    /// What the event is safe from; the ledger says.
    public var durability: EventDurability?
    public var camera: String
    /// The `seq` of the first frame of the camera's present count; the ledger says.
    public var session: UInt64?
    /// The first and the last count that are missing.
    public var first: UInt64
    public var last: UInt64
    public var publishedUTCNs: Int64

    public init(seq: UInt64, epoch: String, camera: String, first: UInt64, last: UInt64, publishedUTCNs: Int64) {
        self.seq = seq
        self.epoch = epoch
        self.camera = camera
        self.first = first
        self.last = last
        self.publishedUTCNs = publishedUTCNs
    }

    enum CodingKeys: String, CodingKey {
        case type, seq, epoch, durability, camera, session, first, last
        case schemaVersion = "schema_version"
        case publishedUTCNs = "published_utc_ns"
    }
}
