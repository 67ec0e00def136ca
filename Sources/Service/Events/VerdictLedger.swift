import Inspection
import Streaming

/// One thing the pipeline says to the world.
public enum PipelineEvent: Sendable {
    case missing(MissingEvent)
    case verdict(VerdictEvent)
}

/// Stands between the row of verdicts and the socket: no event is published that the ledger has not committed.
public protocol VerdictLedger {
    /// Names the row of numbers that `commit` hands out; numbers of different epochs are not comparable.
    var epoch: String { get }
    /// The highest number that was committed.
    var lastSeq: UInt64 { get }
    var durability: EventDurability { get }

    /// Gives every event its `seq`, `epoch`, `session` and `durability`, in order, and keeps them as durably as it can.
    ///
    /// - Throws: when that failed; then none of these events may be published, and none of their numbers counts as given.
    func commit(_ events: inout [PipelineEvent]) throws

    /// Where cameras' counts were when the ledger was opened, by name: frames that are sent while nobody is there are missing, too.
    var places: [String: CameraPlace] { get }

    /// Keeps what people said and changed.
    ///
    /// - Parameter utcNs: ns since 1970.
    /// - Throws: when the ledger cannot; then none of it is kept.
    func note(_ notes: [JournalNote], utcNs: Int64) throws

    /// Called about every second, between commits.
    ///
    /// - Throws: when the ledger cannot look after itself.
    func tidy(utcNs: Int64) throws
}

extension VerdictLedger {
    public var places: [String: CameraPlace] { [:] }
    public func note(_ notes: [JournalNote], utcNs: Int64) throws { throw NoteRefusal.noJournal }
}

/// How far a camera's count was followed.
public struct CameraPlace: Sendable, Equatable {
    /// The `seq` of the count's first frame.
    public var session: UInt64
    public var sequence: UInt64

    public init(session: UInt64, sequence: UInt64) {
        self.session = session
        self.sequence = sequence
    }
}

/// A failure of a ledger after which another attempt may succeed.
public protocol LedgerFailure: Error {
    var isTemporary: Bool { get }
}

/// Numbers events from 1 for as long as the process lives.
public struct RunLedger: VerdictLedger {
    private final class State {
        var numbering: EventNumbering
        init(_ numbering: EventNumbering) { self.numbering = numbering }
    }

    private let state: State

    public init() {
        let number = UInt64.random(in: .min ... .max)
        let digits = String(number, radix: 16)
        state = State(EventNumbering(epoch: String(repeating: "0", count: 16 - digits.count) + digits, durability: .none))
    }

    public var epoch: String { state.numbering.epoch }
    public var lastSeq: UInt64 { state.numbering.lastSeq }
    public var durability: EventDurability { .none }

    public func commit(_ events: inout [PipelineEvent]) { state.numbering.number(&events) }
    public func tidy(utcNs: Int64) {}
}

/// Gives events their numbers and sessions.
struct EventNumbering {
    let epoch: String
    let durability: EventDurability
    private(set) var lastSeq: UInt64
    /// The present session of each camera; as many as the pipeline follows.
    private var sessions: [String: UInt64]

    init(epoch: String, durability: EventDurability, lastSeq: UInt64 = 0, sessions: [String: UInt64] = [:]) {
        self.epoch = epoch
        self.durability = durability
        self.lastSeq = lastSeq
        self.sessions = sessions
    }

    mutating func number(_ events: inout [PipelineEvent]) {
        for index in events.indices {
            lastSeq += 1
            switch events[index] {
            case .missing(var event):
                event.seq = lastSeq
                event.epoch = epoch
                event.durability = durability
                event.session = sessions[event.camera]
                events[index] = .missing(event)
            case .verdict(var event):
                // A count that wraps to 0 goes on, in a session of its own: within one no number comes twice.
                let isNew = event.arrival == .first || event.arrival == .restart || event.arrival == .next && event.sequence == 0
                if isNew || sessions[event.camera] == nil { sessions[event.camera] = lastSeq }
                event.seq = lastSeq
                event.epoch = epoch
                event.durability = durability
                event.session = sessions[event.camera]
                events[index] = .verdict(event)
            }
        }
    }
}
