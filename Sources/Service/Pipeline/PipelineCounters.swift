import Inspection

/// What a pipeline has done so far.
///
/// `received = pass + review + fail + uninspected + inFlight` at any time, and `inFlight` is 0 once it ended. For a camera whose
/// count never started again, `received − late − duplicates + missing = last − first + 1`.
public struct PipelineCounters: Sendable, Equatable {
    /// Frames that were received, usable or not; each gets one verdict.
    public var received: UInt64 = 0
    public var pass: UInt64 = 0
    public var review: UInt64 = 0
    public var fail: UInt64 = 0
    public var uninspected: [UninspectedReason: UInt64] = [:]
    /// Frames that producers counted and that never arrived.
    public var missing: UInt64 = 0
    public var late: UInt64 = 0
    public var duplicates: UInt64 = 0
    /// Times a producer's count started again.
    public var restarts: UInt64 = 0
    /// Messages that name no camera, or one camera too many.
    public var rejected: UInt64 = 0
    /// Events the socket refused, and those that could not be committed.
    public var unpublished: UInt64 = 0
    /// Attempts to commit that failed.
    public var commitFailures: UInt64 = 0
    public var cameras = 0
    /// The last frames' times from receipt to publishing, in nanoseconds; at most `latencyWindow`, in no order.
    public var recentLatencies: [Int64] = []
    private var nextLatency = 0

    static let latencyWindow = 512

    public init() {}

    public var uninspectedTotal: UInt64 { uninspected.values.reduce(0, +) }
    public var verdicts: UInt64 { pass + review + fail + uninspectedTotal }
    public var inFlight: UInt64 { received - verdicts }

    mutating func count(_ verdict: Verdict, _ reason: UninspectedReason?) {
        switch verdict {
        case .pass: pass += 1
        case .review: review += 1
        case .fail: fail += 1
        case .uninspected: uninspected[reason ?? .modelError, default: 0] += 1
        }
    }

    mutating func count(_ arrival: SequenceTracker.Arrival) {
        switch arrival {
        case .first, .next: break
        case .duplicate: duplicates += 1
        case .late: late += 1
        case .restart: restarts += 1
        case .gap(let range):
            // Nobody counts to 2⁶⁴ frames, but a hostile producer may jump as often as it likes.
            missing = missing.addingReportingOverflow(range.upperBound - range.lowerBound + 1).partialValue
        }
    }

    mutating func note(latencyNs: Int64) {
        if recentLatencies.count < Self.latencyWindow {
            recentLatencies.append(latencyNs)
        } else {
            recentLatencies[nextLatency] = latencyNs
            nextLatency = (nextLatency + 1) % Self.latencyWindow
        }
    }

    /// The time that a share of the recent frames did not exceed; nil before the first.
    public func latencyNs(quantile: Double) -> Int64? {
        Service.quantile(quantile, of: recentLatencies)
    }
}
