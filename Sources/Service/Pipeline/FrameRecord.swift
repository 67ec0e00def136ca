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
    var held: IncomingFrame?
    /// Frames that the producer counted between the one before and this one.
    var missing: ClosedRange<UInt64>?
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
