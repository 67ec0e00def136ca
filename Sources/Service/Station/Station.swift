import Inspection

/// The state of the whole, put together from what its parts say. Every change is a status event.
///
/// A stop counts before an error, an error before a halt, a halt before everything else.
public final class Station: Sendable {
    /// What others are told.
    public struct Report: Sendable, Equatable {
        public var state: StationState
        /// Why, for people; empty where the state says it all.
        public var detail: String
    }

    private struct Facts {
        var isUp = false
        var isStopping = false
        /// What is wrong, by the part that says so.
        var errors: [String: String] = [:]
        /// Why nothing passes, by who says so.
        var halts: [String: String] = [:]
        var lastFrameNs: Int64?
        var frames: UInt64 = 0
        var told: Report?

        func report(now: Int64, idleNs: Int64) -> Report {
            if isStopping { return Report(state: .stopping, detail: "") }
            if let error = Self.joined(errors) { return Report(state: .error, detail: error) }
            if !isUp { return Report(state: .starting, detail: "") }
            if let halt = Self.joined(halts) { return Report(state: .halted, detail: halt) }
            let isRunning = lastFrameNs.map { now - $0 < idleNs } ?? false
            return Report(state: isRunning ? .running : .ready, detail: "")
        }

        static func joined(_ texts: [String: String]) -> String? {
            texts.isEmpty ? nil : texts.sorted { $0.key < $1.key }.map(\.value).joined(separator: "; ")
        }
    }

    /// So long after its last frame a line stands still.
    public static let idleNs: Int64 = 5_000_000_000

    private let facts = Monitor(Facts())
    private let status: StatusInbox
    private let clock: PipelineClock

    public init(status: StatusInbox, clock: PipelineClock = .system) {
        self.status = status
        self.clock = clock
    }

    public var report: Report { facts.read { $0.report(now: clock.monotonicNs(), idleNs: Self.idleNs) } }

    /// Why a `pass` must not leave; nil: it may.
    public var withholding: String? { facts.read { Facts.joined($0.halts) } }

    /// Model, journal and sockets are there.
    public func isUp() { change { $0.isUp = true } }

    public func isStopping() { change { $0.isStopping = true } }

    /// - Parameter problem: nil: that part is well again.
    public func error(_ part: String, _ problem: String?) { change { $0.errors[part] = problem } }

    /// Nothing passes until this is acknowledged, or until that part takes it back with nil.
    public func halt(_ part: String, _ reason: String?) { change { $0.halts[part] = reason } }

    /// Everything that halted it is known to somebody; answers what that was, nil where nothing did.
    public func acknowledge() -> String? {
        var reason: String?
        change { facts in
            reason = Facts.joined(facts.halts)
            facts.halts.removeAll()
        }
        return reason
    }

    /// To be called a few times a second: a line that stands still says so by nothing else.
    ///
    /// - Parameter frames: received so far.
    public func look(frames: UInt64) {
        change { facts in
            if frames != facts.frames { facts.lastFrameNs = clock.monotonicNs() }
            facts.frames = frames
        }
    }

    private func change(_ body: (inout Facts) -> Void) {
        let news: Report? = facts.update { facts in
            body(&facts)
            let report = facts.report(now: clock.monotonicNs(), idleNs: Self.idleNs)
            guard report != facts.told else { return nil }
            facts.told = report
            return report
        }
        if let news { status.say(.station, news.detail, state: news.state.rawValue) }
    }
}
