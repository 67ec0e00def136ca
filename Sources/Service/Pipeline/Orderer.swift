import DequeModule

/// Turns outcomes that arrive in any order into one row a camera, in the order in which frames were received.
///
/// A ticket is issued for every frame when it is received and settled exactly once, by whichever stage the frame ends in:
/// the first outcome counts, a second one is refused. `take` hands out a settled frame when all earlier ones of its
/// camera have been handed out.
///
/// Bounded: a lane has at most `limitPerLane` frames between `issue` and `take`. Normally there are far fewer (those that wait
/// and those that are being inspected), but a camera that floods while one of its frames is being inspected is answered
/// `overload` faster than that frame; at the limit `issue` waits, and the socket's own limit holds the flood.
final class Orderer<Record: Sendable, Outcome: Sendable>: Sendable {
    typealias Settled = (record: Record, outcome: Outcome)

    private struct Place {
        var record: Record
        var outcome: Outcome?
    }

    private struct Lane {
        /// The ticket number of the first place.
        var first: UInt64 = 0
        var places: Deque<Place> = []
        /// Settled and released, not yet taken.
        var released = 0
    }

    private struct State {
        var lanes: [Lane] = []
        var ready: Deque<(lane: Int, settled: Settled)> = []
        var outstanding = 0
        var isClosed = false

        mutating func release(_ lane: Int) {
            while let outcome = lanes[lane].places.first?.outcome, let place = lanes[lane].places.popFirst() {
                lanes[lane].first &+= 1
                lanes[lane].released += 1
                ready.append((lane, (place.record, outcome)))
            }
        }
    }

    let limitPerLane: Int
    private let state = Monitor(State())

    init(limitPerLane: Int) {
        precondition(limitPerLane > 0)
        self.limitPerLane = limitPerLane
    }

    /// Draws the next ticket of a lane; waits while the lane is at its limit.
    func issue(lane: Int, record: Record) -> Ticket {
        state.wait { state in
            while state.lanes.count <= lane { state.lanes.append(Lane()) }
            guard state.lanes[lane].places.count + state.lanes[lane].released < limitPerLane else { return nil }
            precondition(!state.isClosed, "a ticket was asked for after the last one")
            let number = state.lanes[lane].first &+ UInt64(state.lanes[lane].places.count)
            state.lanes[lane].places.append(Place(record: record))
            state.outstanding += 1
            return Ticket(lane: lane, number: number)
        }
    }

    /// Says what became of a frame. False when that was said before: then this outcome goes nowhere.
    func settle(_ ticket: Ticket, _ outcome: Outcome) -> Bool {
        state.update { state in
            guard let index = Int(exactly: ticket.number &- state.lanes[ticket.lane].first),
                index < state.lanes[ticket.lane].places.count,
                state.lanes[ticket.lane].places[index].outcome == nil
            else { return false }
            state.lanes[ticket.lane].places[index].outcome = outcome
            state.release(ticket.lane)
            return true
        }
    }

    /// Settles whatever is open, for good.
    func settleAll(_ outcome: (Record) -> Outcome) {
        state.update { state in
            for lane in state.lanes.indices {
                for index in state.lanes[lane].places.indices where state.lanes[lane].places[index].outcome == nil {
                    state.lanes[lane].places[index].outcome = outcome(state.lanes[lane].places[index].record)
                }
                state.release(lane)
            }
        }
    }

    /// Waits for frames whose turn has come and appends at most `limit` of them to `batch`; none where `timeoutMs` passed before. False
    /// once the orderer is closed and every ticket was settled and taken.
    func take(_ limit: Int, timeoutMs: Int, into batch: inout [Settled]) -> Bool {
        let result: [Settled]? = state.wait(timeoutMs: timeoutMs) { state in
            guard !state.ready.isEmpty else { return state.isClosed && state.outstanding == 0 ? [] : nil }
            let count = min(limit, state.ready.count)
            var taken: [Settled] = []
            taken.reserveCapacity(count)
            for _ in 0..<count {
                guard let next = state.ready.popFirst() else { break }
                state.lanes[next.lane].released -= 1
                taken.append(next.settled)
            }
            state.outstanding -= taken.count
            return taken
        }
        guard let taken = result else { return true }
        batch.append(contentsOf: taken)
        return !taken.isEmpty
    }

    /// No ticket will be asked for any more.
    func close() { state.update { $0.isClosed = true } }

    /// Frames between `issue` and `take`.
    var outstanding: Int { state.read { $0.outstanding } }
}
