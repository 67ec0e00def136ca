/// The JSON of `<camera>/verdict`: one frame, one verdict.
public struct VerdictEvent: Sendable, Codable, Equatable {
    public var schemaVersion = 1
    public var type = "verdict"
    /// The journal's number, never reused within an epoch.
    public var seq: UInt64
    /// Which journal file counted `seq`.
    public var epoch: String
    /// What the event is safe from; the ledger says.
    public var durability: EventDurability?
    public var camera: String
    /// The `seq` of the first frame of the camera's present count; the ledger says.
    public var session: UInt64?
    public var arrival: FrameArrival?
    /// The producer's count, or flawd's own where the wire format has none.
    public var sequence: UInt64
    public var frameHash: String?
    public var partID: String?
    public var trigger: Int64?
    public var capturedUTCNs: Int64?
    public var capturedMonotonicNs: Int64?
    public var receivedUTCNs: Int64
    public var publishedUTCNs: Int64
    /// Nanoseconds by stage.
    public var latencyNs: [String: Int64]
    public var verdict: Verdict
    /// Set exactly when the verdict is `uninspected`.
    public var reason: UninspectedReason?
    public var detail: String?
    public var regions: [RegionResult]
    /// Why a frame that would pass is for review; nil: nothing was withheld.
    public var withheld: String?
    public var roiRevision: String?
    public var model: String
    public var build: String

    public init(
        seq: UInt64, epoch: String, camera: String, sequence: UInt64, arrival: FrameArrival? = nil, frameHash: String? = nil, partID: String? = nil,
        trigger: Int64? = nil, capturedUTCNs: Int64? = nil, capturedMonotonicNs: Int64? = nil, receivedUTCNs: Int64,
        publishedUTCNs: Int64, latencyNs: [String: Int64] = [:], verdict: Verdict, reason: UninspectedReason? = nil,
        detail: String? = nil, regions: [RegionResult] = [], withheld: String? = nil, roiRevision: String? = nil, model: String, build: String
    ) {
        self.seq = seq
        self.epoch = epoch
        self.camera = camera
        self.sequence = sequence
        self.arrival = arrival
        self.frameHash = frameHash
        self.partID = partID
        self.trigger = trigger
        self.capturedUTCNs = capturedUTCNs
        self.capturedMonotonicNs = capturedMonotonicNs
        self.receivedUTCNs = receivedUTCNs
        self.publishedUTCNs = publishedUTCNs
        self.latencyNs = latencyNs
        self.verdict = verdict
        self.reason = reason
        self.detail = detail
        self.regions = regions
        self.withheld = withheld
        self.roiRevision = roiRevision
        self.model = model
        self.build = build
    }

    /// Takes over what inspection found.
    public mutating func take(_ result: FrameResult) {
        verdict = result.verdict
        reason = result.reason
        detail = result.detail
        regions = result.regions
    }

    enum CodingKeys: String, CodingKey {
        case type, seq, epoch, durability, camera, session, arrival, sequence, trigger, verdict, reason, detail, regions, withheld, model, build
        case schemaVersion = "schema_version"
        case frameHash = "frame_hash"
        case partID = "part_id"
        case capturedUTCNs = "captured_utc_ns"
        case capturedMonotonicNs = "captured_monotonic_ns"
        case receivedUTCNs = "received_utc_ns"
        case publishedUTCNs = "published_utc_ns"
        case latencyNs = "latency_ns"
        case roiRevision = "roi_revision"
    }
}
