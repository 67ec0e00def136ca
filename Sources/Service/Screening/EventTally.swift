import Inspection

/// What a subscriber has seen of a stream of events, in figures that do not grow with it.
public struct EventTally: Sendable {
    public private(set) var verdicts: [Verdict: Int] = [:]
    public private(set) var reasons: [UninspectedReason: Int] = [:]
    public private(set) var missing: UInt64 = 0
    /// Numbers between the lowest and the highest `seq` of an epoch that this subscriber did not see.
    public private(set) var unseen: UInt64 = 0
    private var epoch: String?
    private var lastSeq: UInt64 = 0
    private var firstPublished: Int64?
    private var lastPublished: Int64 = 0
    private var latencies: [Int64] = []
    private var nextLatency = 0

    static let latencyWindow = 8192

    public init() {}

    public var frames: Int { verdicts.values.reduce(0, +) }

    public mutating func add(_ event: VerdictEvent) {
        verdicts[event.verdict, default: 0] += 1
        if let reason = event.reason { reasons[reason, default: 0] += 1 }
        if firstPublished == nil { firstPublished = event.publishedUTCNs }
        lastPublished = max(lastPublished, event.publishedUTCNs)
        if let total = event.latencyNs["total"] {
            if latencies.count < Self.latencyWindow {
                latencies.append(total)
            } else {
                latencies[nextLatency] = total
                nextLatency = (nextLatency + 1) % Self.latencyWindow
            }
        }
        follow(event.epoch, event.seq)
    }

    public mutating func add(_ event: MissingEvent) {
        if event.last >= event.first {
            let count = (event.last - event.first).addingReportingOverflow(1).partialValue
            missing = missing.addingReportingOverflow(count).partialValue
        }
        follow(event.epoch, event.seq)
    }

    /// `seq` has no gaps where every event of every camera is subscribed to; with a filter the count says nothing.
    private mutating func follow(_ epoch: String, _ seq: UInt64) {
        if epoch == self.epoch, seq > lastSeq { unseen = unseen.addingReportingOverflow(seq - lastSeq - 1).partialValue }
        self.epoch = epoch
        lastSeq = seq
    }

    /// Verdicts a second from the first event to the last, by their publication; nil before the second.
    public var rate: Double? {
        guard let firstPublished, frames > 1, lastPublished > firstPublished else { return nil }
        return Double(frames - 1) * 1e9 / Double(lastPublished - firstPublished)
    }

    /// The time from receipt to publishing that a share of the last frames did not exceed.
    public func latencyNs(quantile: Double) -> Int64? { Service.quantile(quantile, of: latencies) }
}

/// The value below or at which a share of the values lie; nil without values.
func quantile(_ share: Double, of values: [Int64]) -> Int64? {
    guard !values.isEmpty else { return nil }
    let rank = (Double(values.count - 1) * min(max(share, 0), 1)).rounded()
    return values.sorted()[Int(rank)]
}
