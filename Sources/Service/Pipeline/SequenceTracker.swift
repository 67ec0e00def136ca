import Inspection

/// Follows one camera's frame count and says what is missing.
///
/// Producers count differently: some from 0, some from 1, some wrap, some start again when they are restarted. The rules,
/// for a frame numbered `s` after the highest so far, `last`:
///
/// - `s = last + 1`, also across 2³² − 1, 2⁶³ − 1 and 2⁶⁴ − 1 → 0: the next frame.
/// - `s > last + 1`: `last + 1 … s − 1` are missing; but a jump of more than a thousand million is no loss, it is another count.
/// - `s = last`: a duplicate.
/// - `s < last`: 0 and 1 start the count again, and so does anything more than 64 back or the ninth late frame in a row; the
///   rest came late. What is late was reported missing before and is counted as late, so that the books still balance.
///
/// Each of them gets its verdict; only gaps make an event.
struct SequenceTracker: Sendable {
    enum Arrival: Equatable, Sendable {
        case first, next, duplicate, late, restart
        case gap(ClosedRange<UInt64>)
    }

    static let largestGap: UInt64 = 1_000_000_000
    static let lateWindow: UInt64 = 64
    static let longestLateRun = 8

    private(set) var last: UInt64?
    private var lateRun = 0

    /// - Parameter last: the highest number so far; nil: none came yet.
    init(last: UInt64? = nil) { self.last = last }

    /// Takes a frame's number. A frame without one (its format has none, or its header was unreadable) is the next one.
    mutating func arrive(_ sequence: UInt64?) -> (sequence: UInt64, arrival: Arrival) {
        guard let last else {
            self.last = sequence ?? 0
            return (sequence ?? 0, .first)
        }
        let number = sequence ?? last &+ 1
        let arrival = classify(number, after: last)
        switch arrival {
        case .duplicate: break
        case .late: lateRun += 1
        case .first, .next, .restart, .gap:
            self.last = number
            lateRun = 0
        }
        return (number, arrival)
    }

    private func classify(_ number: UInt64, after last: UInt64) -> Arrival {
        if number == last { return .duplicate }
        if number == last &+ 1 { return .next }
        if number == 0, last == UInt64(UInt32.max) || last == UInt64(Int64.max) { return .next }
        if number > last {
            return number - last - 1 > Self.largestGap ? .restart : .gap(last + 1...number - 1)
        }
        if number <= 1 || last - number > Self.lateWindow || lateRun >= Self.longestLateRun { return .restart }
        return .late
    }
}

extension FrameArrival {
    init(_ arrival: SequenceTracker.Arrival) {
        self = switch arrival {
        case .first: .first
        case .next: .next
        case .duplicate: .duplicate
        case .late: .late
        case .restart: .restart
        case .gap: .gap
        }
    }
}
