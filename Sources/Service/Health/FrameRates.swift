/// Frames a second over the last seconds, from counts that are noted now and then.
struct FrameRates: Sendable {
    private static let spanNs: Int64 = 10_000_000_000

    /// Frames received by lane, at times that ascend.
    private var notes: [(ns: Int64, received: [UInt64])] = []

    /// The last span stays, and one note before it.
    mutating func note(_ received: [UInt64], at now: Int64) {
        notes.append((now, received))
        while notes.count > 2, now - notes[1].ns >= Self.spanNs { notes.removeFirst() }
    }

    /// Of a lane between the first and the last note; 0 before there are two.
    func perSecond(lane: Int) -> Double {
        guard let first = notes.first, let last = notes.last, last.ns > first.ns, lane < last.received.count else { return 0 }
        let before = lane < first.received.count ? first.received[lane] : 0
        return Double(last.received[lane] - before) * 1e9 / Double(last.ns - first.ns)
    }
}
