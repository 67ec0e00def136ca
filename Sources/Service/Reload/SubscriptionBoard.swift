import Inspection
import Streaming

/// Where whoever reloads leaves what should be listened to, and the receiving thread takes it over between two messages.
final class SubscriptionBoard: Sendable {
    struct Wish: Sendable, Equatable {
        var number: UInt64
        var subscription: Configuration.Subscription
    }

    private struct State {
        var wish: Wish?
        /// The last wish that was looked at, and what became of it.
        var settled: UInt64 = 0
        var problem: String?
        var count: UInt64 = 0
    }

    private let state = Monitor(State())

    /// Waits until the receiving thread listens to this. Not on one of Swift's threads.
    ///
    /// - Throws: what kept it from that; then it listens to what it did before.
    func ask(for subscription: Configuration.Subscription, timeoutMs: Int = 10_000) throws(FileError) {
        let number: UInt64 = state.update { state in
            state.count += 1
            state.wish = Wish(number: state.count, subscription: subscription)
            return state.count
        }
        let answer: String?? = state.wait(timeoutMs: timeoutMs) { state in
            state.settled >= number ? .some(state.problem) : nil
        }
        switch answer {
        case .none:
            state.update { if $0.wish?.number == number { $0.wish = nil } }
            throw FileError([.init(file: "subscribe", problem: "the receiving thread did not take over what to subscribe to within \(timeoutMs) ms")])
        case .some(let problem):
            if let problem { throw FileError([.init(file: "subscribe", problem: problem)]) }
        }
    }

    /// What has been asked for and not been settled.
    var wish: Wish? { state.read { $0.wish } }

    func settle(_ wish: Wish, _ problem: String?) {
        state.update { state in
            guard state.wish == wish else { return }
            state.wish = nil
            state.settled = wish.number
            state.problem = problem
        }
    }
}
