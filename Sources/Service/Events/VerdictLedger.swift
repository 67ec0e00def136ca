import Inspection

/// One thing the pipeline says to the world.
public enum PipelineEvent: Sendable {
    case missing(MissingEvent)
    case verdict(VerdictEvent)
}

/// Stands between the row of verdicts and the socket: no event is published that the ledger has not committed.
public protocol VerdictLedger {
    /// Names the row of numbers that `commit` hands out; numbers of different epochs are not comparable.
    var epoch: String { get }

    /// Gives every event its `seq` and `epoch`, in order, and keeps them as durably as it can.
    ///
    /// - Throws: when that failed; then none of these events may be published and the pipeline ends.
    func commit(_ events: inout [PipelineEvent]) throws
}

/// Numbers events from 1 for as long as the process lives.
public struct RunLedger: VerdictLedger {
    private final class Counter { var last: UInt64 = 0 }

    public let epoch: String
    private let counter = Counter()

    public init() {
        let number = UInt64.random(in: .min ... .max)
        let digits = String(number, radix: 16)
        epoch = String(repeating: "0", count: 16 - digits.count) + digits
    }

    public func commit(_ events: inout [PipelineEvent]) {
        for index in events.indices {
            counter.last += 1
            events[index].number(counter.last, epoch: epoch)
        }
    }
}

extension PipelineEvent {
    /// Writes the number into the event.
    public mutating func number(_ seq: UInt64, epoch: String) {
        switch self {
        case .missing(var event):
            event.seq = seq
            event.epoch = epoch
            self = .missing(event)
        case .verdict(var event):
            event.seq = seq
            event.epoch = epoch
            self = .verdict(event)
        }
    }
}
