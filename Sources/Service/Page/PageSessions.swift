import Foundation

/// Who is logged in. Kept in memory: after a restart people log in again.
final class PageSessions: Sendable {
    struct Session: Sendable {
        /// As the list had it at the login.
        var holder: AccessTokens.Entry
        fileprivate var endNs: Int64
    }

    private struct State {
        var sessions: [String: Session] = [:]
        /// When wrong tokens were tried, the newest last.
        var failures: [Int64] = []
    }

    static let lifetimeSeconds = 12 * 3600
    private static let mostSessions = 256
    /// Wrong tokens a minute, from everybody together, that are told so.
    private static let (mostFailures, patienceNs): (Int, Int64) = (10, 60_000_000_000)

    private let clock: PipelineClock
    private let state = Monitor(State())

    init(clock: PipelineClock = .system) { self.clock = clock }

    /// Whether so many were wrong that further ones are only put off.
    var isBarred: Bool { state.update { Self.count(&$0, clock.monotonicNs()) >= Self.mostFailures } }

    func noteFailure() { state.update { $0.failures.append(clock.monotonicNs()) } }

    private static func count(_ state: inout State, _ now: Int64) -> Int {
        state.failures.removeAll { now - $0 > patienceNs }
        if state.failures.count > mostFailures { state.failures.removeFirst(state.failures.count - mostFailures) }
        return state.failures.count
    }

    /// - Returns: what the browser keeps.
    func begin(_ holder: AccessTokens.Entry) -> String {
        let key = AccessTokens.makeToken(), now = clock.monotonicNs()
        state.update { state in
            state.sessions = state.sessions.filter { $0.value.endNs > now }
            if state.sessions.count >= Self.mostSessions, let oldest = state.sessions.min(by: { $0.value.endNs < $1.value.endNs }) {
                state.sessions[oldest.key] = nil
            }
            state.sessions[key] = Session(holder: holder, endNs: now + Int64(Self.lifetimeSeconds) * 1_000_000_000)
        }
        return key
    }

    func session(_ key: String) -> Session? {
        let now = clock.monotonicNs()
        return state.read { state in state.sessions[key].flatMap { $0.endNs > now ? $0 : nil } }
    }

    func end(_ key: String) { state.update { $0.sessions[key] = nil } }
}
