/// Messages that the broker was given and has not acknowledged, in order. An event is done with only when nothing before it is open.
struct MQTTWindow {
    struct Entry {
        /// libmosquitto's number for the message; nil: it is settled.
        var id: Int32?
        var topic: String
        var bytes: Int
        /// The event that the message tells of; nil: it stands beside the row of events.
        var event: UInt64?
        /// Whether no further message tells of that event.
        var isLast = true
        var isRefused = false
        var sent: ContinuousClock.Instant
    }

    /// Messages and bytes that may be open; a single event may have more bytes.
    static let (maxMessages, maxBytes) = (64, 4 << 20)

    private var entries: [Entry] = []
    private(set) var bytes = 0

    var isEmpty: Bool { entries.isEmpty }
    /// How many events may be sent, each with two messages.
    var room: Int { bytes >= Self.maxBytes ? 0 : max(0, Self.maxMessages - entries.count) / 2 }
    /// Whether it is worth looking into the journal.
    var isRoomy: Bool { room >= Self.maxMessages / 8 }
    /// When the message was sent that is open for longest.
    var oldest: ContinuousClock.Instant? { entries.first { $0.id != nil }?.sent }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        bytes += entry.bytes
    }

    /// - Returns: the message; nil: it is none of these.
    mutating func acknowledge(_ id: Int32, isRefused: Bool) -> Entry? {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return nil }
        entries[index].id = nil
        entries[index].isRefused = isRefused
        return entries[index]
    }

    /// Lets go of what is settled with nothing open before it.
    mutating func takeSettled() -> ArraySlice<Entry> {
        let settled = entries.prefix { $0.id == nil }
        bytes -= settled.reduce(0) { $0 + $1.bytes }
        entries.removeFirst(settled.count)
        return settled
    }
}
