/// Tells whether the wall clock goes as time does, before anything is thrown away by it.
public struct WallClock {
    private let clock: PipelineClock
    /// How far the wall clock was ahead of the one that only goes forward, and since when it is.
    private var lead: Int64
    private var since: Int64

    /// A jump by more begins anew.
    private static let jumpNs: Int64 = 60_000_000_000
    /// So long a clock must have gone as it should.
    private static let patienceNs: Int64 = 3_600_000_000_000

    public init(_ clock: PipelineClock) {
        self.clock = clock
        since = clock.monotonicNs()
        lead = clock.utcNs().subtractingReportingOverflow(since).partialValue
    }

    /// To be asked about every second.
    public mutating func isSteady() -> Bool {
        let now = clock.monotonicNs(), present = clock.utcNs().subtractingReportingOverflow(now).partialValue
        let (change, overflow) = present.subtractingReportingOverflow(lead)
        if overflow || change.magnitude > UInt64(Self.jumpNs) {
            lead = present
            since = now
        }
        return now - since >= Self.patienceNs
    }
}
