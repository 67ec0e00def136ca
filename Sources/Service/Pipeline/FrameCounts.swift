import Inspection

/// Frames by what became of them.
///
/// `received = pass + review + fail + uninspected + inFlight` at any time. For a camera whose count never started again,
/// `received − late − duplicates + missing = last − first + 1`.
public struct FrameCounts: Sendable, Equatable {
    /// Usable or not; each gets one verdict.
    public var received: UInt64 = 0
    public var pass: UInt64 = 0
    public var review: UInt64 = 0
    public var fail: UInt64 = 0
    public var uninspected: [UninspectedReason: UInt64] = [:]
    /// Frames that the producer counted and that never arrived.
    public var missing: UInt64 = 0
    public var late: UInt64 = 0
    public var duplicates: UInt64 = 0
    /// Times the producer's count started again.
    public var restarts: UInt64 = 0

    public init() {}

    public var uninspectedTotal: UInt64 { uninspected.values.reduce(0, +) }
    public var verdicts: UInt64 { pass + review + fail + uninspectedTotal }
    public var inFlight: UInt64 { received - verdicts }

    public subscript(verdict: Verdict) -> UInt64 {
        switch verdict {
        case .pass: pass
        case .review: review
        case .fail: fail
        case .uninspected: uninspectedTotal
        }
    }

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

    static func += (sum: inout FrameCounts, counts: FrameCounts) {
        sum.received += counts.received
        sum.pass += counts.pass
        sum.review += counts.review
        sum.fail += counts.fail
        sum.uninspected.merge(counts.uninspected, uniquingKeysWith: +)
        sum.missing = sum.missing.addingReportingOverflow(counts.missing).partialValue
        sum.late += counts.late
        sum.duplicates += counts.duplicates
        sum.restarts += counts.restarts
    }
}
