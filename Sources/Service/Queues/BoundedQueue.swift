import DequeModule

/// A first-in first-out link between two stages that never holds more than `capacity` elements.
///
/// Every element that goes in comes out exactly once: by `pop`, or back to whoever could not add it, or from
/// `close(discarding:)`. Nothing is lost in between, because every frame owes its camera a verdict.
public final class BoundedQueue<Element: Sendable>: Sendable {
    public let capacity: Int

    private struct State {
        var elements: Deque<Element>
        var isClosed = false
    }

    private let state: Monitor<State>

    public init(capacity: Int) {
        precondition(capacity > 0, "a queue holds at least one element")
        self.capacity = capacity
        state = Monitor(State(elements: Deque(minimumCapacity: capacity)))
    }

    /// Waits for space. Gives the element back when the queue is, or meanwhile was, closed.
    public func push(_ element: Element) -> Element? {
        state.wait { state in
            if state.isClosed { return .some(.some(element)) }
            guard state.elements.count < capacity else { return nil }
            state.elements.append(element)
            return .some(.none)
        }
    }

    /// Does not wait. Gives the element back when there is no space or the queue is closed.
    public func tryPush(_ element: Element) -> Element? {
        state.update { state in
            guard !state.isClosed, state.elements.count < capacity else { return element }
            state.elements.append(element)
            return nil
        }
    }

    /// Waits for an element; nil once the queue is closed and drained.
    public func pop() -> Element? {
        state.wait { state in
            if let element = state.elements.popFirst() { return .some(.some(element)) }
            return state.isClosed ? .some(.none) : nil
        }
    }

    /// What waiting for an element led to.
    public enum Popped: Sendable {
        case element(Element)
        /// None came in time.
        case nothing
        /// The queue is closed and drained.
        case ended
    }

    /// Waits for an element, at most `timeoutMs`.
    public func pop(timeoutMs: Int) -> Popped {
        state.wait(timeoutMs: timeoutMs) { state in
            if let element = state.elements.popFirst() { return .element(element) }
            return state.isClosed ? .ended : nil
        } ?? .nothing
    }

    /// Accepts nothing more. What waits inside is still popped, unless it is discarded: then it is the answer.
    @discardableResult
    public func close(discarding: Bool = false) -> [Element] {
        state.update { state in
            state.isClosed = true
            guard discarding, !state.elements.isEmpty else { return [] }
            defer { state.elements.removeAll() }
            return Array(state.elements)
        }
    }

    public var count: Int { state.read { $0.elements.count } }
}
