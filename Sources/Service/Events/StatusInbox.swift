import Inspection

/// Where any thread leaves status events, and the publishing thread finds them.
public final class StatusInbox: Sendable {
    /// That wait to be published; more are dropped.
    private static let most = 64

    private let clock: PipelineClock
    private let events = Monitor<[StatusEvent]>([])

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
}
