import Inspection
import Logging
import Streaming

/// Says who was not let in: each key once a minute, however often it tries, and one line a second at most.
final class DenialReporter: Sendable {
    private struct State {
        /// When a key, or an address without one, was last spoken of.
        var spoken: [String: Int64] = [:]
        var unspoken = 0
    }

    private static let repeatNs: Int64 = 60_000_000_000
    /// Of them that are remembered: made-up keys must not grow memory.
    private static let maxSubjects = 64

    private let logger: Logger
    private let tell: @Sendable (StatusEvent.Condition, String) -> Void
    private let clock: PipelineClock
    private let throttle = LogThrottle()
    private let state = Monitor(State())

    init(logger: Logger, clock: PipelineClock = .system, tell: @escaping @Sendable (StatusEvent.Condition, String) -> Void) {
        self.logger = logger
        self.clock = clock
        self.tell = tell
    }

    func report(_ denial: KeyAuthority.Denial) { report(about: denial.key?.text ?? denial.address, denial.text) }

    /// - Parameter subject: a key or an address.
    func report(about subject: String, _ detail: String) {
        let now = clock.monotonicNs()
        let unspoken: Int? = state.update { state in
            if let last = state.spoken[subject], now - last < Self.repeatNs {
                state.unspoken += 1
                return nil
            }
            guard throttle.admit(now: now) != nil else {
                state.unspoken += 1
                return nil
            }
            if state.spoken.count >= Self.maxSubjects, let oldest = state.spoken.min(by: { $0.value < $1.value }) { state.spoken[oldest.key] = nil }
            state.spoken[subject] = now
            defer { state.unspoken = 0 }
            return state.unspoken
        }
        guard let unspoken else { return }
        let text = detail + (unspoken > 0 ? " (and \(unspoken) refusals before)" : "")
        logger.warning("refused: \(text)")
        tell(.keyDenied, text)
    }
}

extension KeyAuthority.Denial {
    /// For people, with what would let the peer in.
    var text: String {
        let place = address.isEmpty ? "a peer" : address.shownInMessage
        let purpose = use?.rawValue ?? "something unknown"
        return switch reason {
        case .unknownKey: "\(place) wants to \(purpose) with the key \(key?.text ?? ""), which is not allowed; flawd keys add would allow it"
        case .otherUse: "\(place) is \(name ?? ""), whose key is not allowed to \(purpose)"
        case .noKey: "\(place) wants to \(purpose) without a CURVE key"
        case .malformed: "a request for admission could not be read"
        }
    }
}
