import Imaging
import Inspection
import Streaming

/// What is known of a frame when it is received: enough for a verdict, whatever happens to the frame afterwards.
struct FrameRecord: Sendable {
    var camera: String
    /// The camera's, counted from 0 in the order of their appearance.
    var lane: Int
    var sequence: UInt64
    var partID: String?
    var trigger: Int64?
    var capturedUTCNs: Int64?
    var capturedMonotonicNs: Int64?
    var receivedUTCNs: Int64
    /// On the monotonic clock.
    var receivedNs: Int64
    /// How its number follows those before.
    var arrival: FrameArrival
    /// For whoever gets to see frames with their verdicts.
    private var held: IncomingFrame?
    /// A bit for each of them that holds it.
    private var holders: UInt8 = 0
    /// Frames that the producer counted between the one before and this one.
    var missing: ClosedRange<UInt64>?

    init(
        camera: String, lane: Int, sequence: UInt64, partID: String?, receivedUTCNs: Int64, receivedNs: Int64, arrival: FrameArrival
    ) {
        self.camera = camera
        self.lane = lane
        self.sequence = sequence
        self.partID = partID
        self.receivedUTCNs = receivedUTCNs
        self.receivedNs = receivedNs
        self.arrival = arrival
    }

    mutating func hold(_ frame: IncomingFrame, for tap: Int) {
        held = frame
        holders |= 1 << UInt8(tap)
    }

    func held(by tap: Int) -> IncomingFrame? { holders & 1 << UInt8(tap) == 0 ? nil : held }
}

/// What became of a frame.
struct FrameOutcome: Sendable {
    var verdict: Verdict
    var reason: UninspectedReason?
    var detail: String?
    /// Why a frame that would pass does not.
    var withheld: String?
    var regions: [RegionResult] = []
    var regionsRevision: String?
    /// The model that answered; nil when none did.
    var model: String?
    var frameHash: String?
    var times = FrameTimes()
    /// Of its draft masks, while somebody wants them.
    var draft: RunLengthCode?
    /// Set when the slot holds pictures to publish; whoever takes the outcome gives the slot back.
    var slot: FrameSlot?

    static func uninspected(
        _ reason: UninspectedReason, _ detail: String? = nil, hash: String? = nil, times: FrameTimes = FrameTimes()
    ) -> FrameOutcome {
        FrameOutcome(verdict: .uninspected, reason: reason, detail: detail, frameHash: hash, times: times)
    }
}

/// Where a frame's time went, in nanoseconds. nil: it never came that far.
struct FrameTimes: Sendable {
    /// Waiting for a decoder and then for a worker.
    var queue: Int64?
    /// Decoding, the payload's hash included.
    var decode: Int64?
    var encode: Int64?
    var prompt: Int64?
    var measure: Int64?
    /// On the monotonic clock: when inspection ended.
    var inspectedAt: Int64?

    /// The event's `latency_ns`: the stages, `order` (from the end of inspection to publishing: waiting for the
    /// camera's earlier frames and for the ledger) and `total` (from receipt to publishing).
    func latencies(receivedNs: Int64, publishedNs: Int64) -> [String: Int64] {
        var latencies: [String: Int64] = ["total": publishedNs - receivedNs]
        latencies["queue"] = queue
        latencies["decode"] = decode
        latencies["encode"] = encode
        latencies["prompt"] = prompt
        latencies["measure"] = measure
        latencies["order"] = inspectedAt.map { publishedNs - $0 }
        return latencies
    }
}
