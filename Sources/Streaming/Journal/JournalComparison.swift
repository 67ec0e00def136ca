/// What a subscriber saw, against the journal.
public struct JournalComparison: Sendable, Equatable {
    /// Events that were seen and are in the journal, byte for byte.
    public private(set) var same = 0
    /// Seen with other bytes than the journal has; numbers.
    public private(set) var different: [UInt64] = []
    /// Seen, and not in the journal, though what it keeps begins earlier.
    public private(set) var unknown: [UInt64] = []
    /// Seen, and removed from the journal since, or of another epoch.
    public private(set) var beyond = 0
    /// Seen more than once.
    public private(set) var repeated = 0
    /// Lines that are no event with a number.
    public private(set) var unreadable = 0
    /// In the journal between the first and the last that were seen, and not seen.
    public private(set) var unseen: [UInt64] = []
    public private(set) var range: ClosedRange<UInt64>?

    private var seen: Set<UInt64> = []

    public init() {}

    public var isSound: Bool { different.isEmpty && unknown.isEmpty && unreadable == 0 }

    /// Adds an event as a subscriber got it. Status events and heartbeats have no place in the journal, and count for nothing.
    public mutating func add(_ json: [UInt8], _ journal: JournalReader) throws(JournalError) {
        guard let fields = try? JSONReader.object(json) else {
            unreadable += 1
            return
        }
        if fields["type"] == .string("status") || fields["type"] == .string("heartbeat") { return }
        guard case .integer(let number)? = fields["seq"], number > 0, case .string(let epoch)? = fields["epoch"] else {
            unreadable += 1
            return
        }
        let seq = UInt64(number)
        guard epoch == journal.epoch else {
            beyond += 1
            return
        }
        guard seen.insert(seq).inserted else {
            repeated += 1
            return
        }
        if let record = try journal.record(seq: seq) {
            if record.json == json { same += 1 } else { different.append(seq) }
        } else if let kept = try journal.range, seq < kept.lowerBound {
            beyond += 1
        } else {
            unknown.append(seq)
        }
        range = min(range?.lowerBound ?? seq, seq)...max(range?.upperBound ?? seq, seq)
    }

    /// To be called once, after the last: looks for what was not seen.
    public mutating func finish(_ journal: JournalReader) throws {
        guard let range else { return }
        var query = JournalReader.Query()
        query.after = range.lowerBound - 1
        try journal.forEach(query) { record in
            if record.seq <= range.upperBound, !seen.contains(record.seq) { unseen.append(record.seq) }
        }
    }
}
