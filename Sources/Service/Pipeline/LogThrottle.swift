
/// Lets one line a second through, so that a stream of bad messages cannot become a stream of log lines.
final class LogThrottle: Sendable {
    private struct State {
        var next: Int64 = .min
        var suppressed = 0
    }

    private let intervalNs: Int64
    private let state = Monitor(State())

    init(intervalNs: Int64 = 1_000_000_000) { self.intervalNs = intervalNs }

    /// nil: keep quiet. Otherwise how many lines were kept back since the last one.
    func admit(now: Int64) -> Int? {
        state.update { state in
            guard now >= state.next else {
                state.suppressed += 1
                return nil
            }
            defer {
                state.next = now + intervalNs
                state.suppressed = 0
            }
            return state.suppressed
        }
    }
}
