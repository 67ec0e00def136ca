import Inspection

/// Where any thread leaves status events and the latest health, and the publishing thread finds them; it also remembers what was said.
public final class StatusInbox: Sendable {
    /// That wait to be published; more are dropped.
    private static let most = 64

    /// That are remembered.
    private static let mostRemembered = 20

    private struct Memory {
        /// The newest last.
        var events: [StatusEvent] = []
        var counts: [StatusEvent.Condition: UInt64] = [:]
    }

    private let clock: PipelineClock
    private let events = Monitor<[StatusEvent]>([])
    private let health = Monitor<HealthEvent?>(nil)
    private let memory = Monitor(Memory())

    public init(clock: PipelineClock = .system) { self.clock = clock }

    @Sendable public func say(_ condition: StatusEvent.Condition, _ detail: String) { say(condition, detail, state: nil) }

    func say(_ condition: StatusEvent.Condition, _ detail: String, state: String?) {
        let event = StatusEvent(condition, detail: detail, state: state, publishedUTCNs: clock.utcNs())
        events.update { events in if events.count < Self.most { events.append(event) } }
    }

    func takeAll() -> [StatusEvent] {
        guard !events.read(\.isEmpty) else { return [] }
        return events.update { events in
            defer { events.removeAll() }
            return events
        }
    }

    /// Replaces what was not published yet.
    func leave(_ event: HealthEvent) { health.update { $0 = event } }

    func takeHealth() -> HealthEvent? {
        guard health.read({ $0 != nil }) else { return nil }
        return health.update { $0.take() }
    }

    /// An event that is being published.
    func remember(_ event: StatusEvent) {
        memory.update { memory in
            if memory.events.count == Self.mostRemembered { memory.events.removeFirst() }
            memory.events.append(event)
            memory.counts[event.condition, default: 0] += 1
        }
    }

    /// The last events that were published, the newest last, and how many there were of each kind.
    var told: (last: [StatusEvent], counts: [StatusEvent.Condition: UInt64]) { memory.read { ($0.events, $0.counts) } }
}
