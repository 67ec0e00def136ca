import DequeModule

/// Where received frames wait: one bounded first-in first-out lane a camera, taken in turns.
///
/// A camera that floods fills its own lane only, and between two of its frames every other waiting camera has one turn.
public final class FairQueue<Element: Sendable>: Sendable {
    /// What became of a pushed element.
    public enum Push: Sendable {
        case queued
        /// It is in; this older one of the same lane had to leave for it.
        case displaced(Element)
        /// The queue is closed; here it is again.
        case closed(Element)
    }

    public let capacityPerLane: Int
    public let policy: OverflowPolicy

    private struct State {
        var lanes: [Deque<Element>] = []
        /// The lanes that are not empty, the next one to be served first; each at most once.
        var turns: Deque<Int> = []
        var count = 0
        var isClosed = false
    }

    private let state = Monitor(State())

    public init(capacityPerLane: Int, policy: OverflowPolicy) {
        precondition(capacityPerLane > 0, "a lane holds at least one element")
        self.capacityPerLane = capacityPerLane
        self.policy = policy
    }

    /// Adds an element to a lane; with `.block`, waits while that lane is full.
    ///
    /// - Parameter lane: a small number from 0: lanes are kept for good, so their number is the caller's to bound.
    public func push(_ element: Element, lane: Int) -> Push {
        state.wait { state in
            if state.isClosed { return .closed(element) }
            while state.lanes.count <= lane { state.lanes.append([]) }
            if state.lanes[lane].count < capacityPerLane {
                if state.lanes[lane].isEmpty { state.turns.append(lane) }
                state.lanes[lane].append(element)
                state.count += 1
                return .queued
            }
            guard policy == .dropOldest, let oldest = state.lanes[lane].popFirst() else { return nil }
            state.lanes[lane].append(element)
            return .displaced(oldest)
        }
    }

    /// Waits for an element of the lane whose turn it is; nil once the queue is closed and drained.
    public func pop() -> Element? {
        state.wait { state in
            guard let lane = state.turns.popFirst(), let element = state.lanes[lane].popFirst() else {
                return state.isClosed ? .some(.none) : nil
            }
            if !state.lanes[lane].isEmpty { state.turns.append(lane) }
            state.count -= 1
            return .some(element)
        }
    }

    /// Accepts nothing more. What waits inside is still popped, unless it is discarded: then it is the answer, lane by
    /// lane in order.
    @discardableResult
    public func close(discarding: Bool = false) -> [Element] {
        state.update { state in
            state.isClosed = true
            guard discarding else { return [] }
            let rest = state.lanes.flatMap { $0 }
            state.lanes = []
            state.turns = []
            state.count = 0
            return rest
        }
    }

    public var count: Int { state.read { $0.count } }

    /// Elements by lane; lanes that nothing was pushed to yet may be absent.
    public var counts: [Int] { state.read { $0.lanes.map(\.count) } }
}
