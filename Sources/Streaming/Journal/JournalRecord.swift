/// One event as the journal keeps it: the JSON that was published, and beside it what is looked for.
public struct JournalRecord: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// Of a frame that was received.
        case verdict
        /// Of frames that the producer counted and that never came.
        case missing
    }

    /// Counts up by one from event to event, from 1, and is never used again.
    public var seq: UInt64
    public var kind: Kind
    public var camera: String
    /// The `seq` of the first frame of this count: a camera that counts anew, or a daemon that starts, begins another.
    public var session: UInt64
    /// The frame's number in its camera's count; the first one that is missing.
    public var sequence: UInt64
    /// The last number that is missing; of a verdict, its own.
    public var lastSequence: UInt64
    /// How the frame's number follows the one before; nil where frames are missing.
    public var arrival: Arrival?
    public var verdict: String?
    public var reason: String?
    /// Content hash of the model.
    public var model: String?
    /// Content hash of the region file.
    public var regions: String?
    /// ns since 1970.
    public var publishedUTCNs: Int64
    /// ns on the clock that only goes forward, when the event was composed.
    public var monotonicNs: Int64
    /// The event, byte for byte as published.
    public var json: [UInt8]

    /// How a frame's number follows those before it.
    public enum Arrival: String, Sendable, Codable, CaseIterable {
        /// The first of a camera, or of a count that begins anew.
        case first, restart
        /// The next one, and one before which some are missing.
        case next, gap
        /// The same number again, and one of those reported missing before.
        case duplicate, late

        /// Whether the number belongs to the count: those of one session are all different.
        public var isInOrder: Bool { self != .duplicate && self != .late }
    }

    public init(
        seq: UInt64, kind: Kind, camera: String, session: UInt64, sequence: UInt64, lastSequence: UInt64? = nil, arrival: Arrival? = nil,
        verdict: String? = nil, reason: String? = nil, model: String? = nil, regions: String? = nil, publishedUTCNs: Int64,
        monotonicNs: Int64, json: [UInt8]
    ) {
        self.seq = seq
        self.kind = kind
        self.camera = camera
        self.session = session
        self.sequence = sequence
        self.lastSequence = lastSequence ?? sequence
        self.arrival = arrival
        self.verdict = verdict
        self.reason = reason
        self.model = model
        self.regions = regions
        self.publishedUTCNs = publishedUTCNs
        self.monotonicNs = monotonicNs
        self.json = json
    }
}
