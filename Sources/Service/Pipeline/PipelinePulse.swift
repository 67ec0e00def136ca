/// Since when each of the pipeline's threads has been at its present piece of work: one that does not come back is found, one that waits for
/// work is no trouble.
final class PipelinePulse: Sendable {
    private struct Thread {
        var name: String
        /// nil: it waits for work, or has ended.
        var busySince: Int64?
    }

    private let threads = Monitor<[Thread]>([])

    /// One thread's.
    struct Hand: Sendable {
        fileprivate let pulse: PipelinePulse
        fileprivate let index: Int

        /// Begins a piece of work; the one before is done.
        func work(at now: Int64) { pulse.threads.update { $0[index].busySince = now } }
        /// Waits for work.
        func rest() { pulse.threads.update { $0[index].busySince = nil } }
    }

    func hand(for name: String) -> Hand {
        threads.update { threads in
            threads.append(Thread(name: name))
            return Hand(pulse: self, index: threads.count - 1)
        }
    }

    /// The thread that has been at one piece of work for longest.
    func longest(at now: Int64) -> (thread: String, ns: Int64)? {
        threads.read { threads in
            threads.compactMap { thread in thread.busySince.map { (thread.name, now - $0) } }.max { $0.1 < $1.1 }
        }
    }
}

/// A thread that has been at one piece of work for too long.
public struct Stall: Sendable, Equatable, CustomStringConvertible {
    /// `receive`, `decode.0`, `inspect.0`, `publish`.
    public var thread: String
    public var seconds: Double

    public var description: String { "\(thread) has been at one piece of work for \(Int(seconds)) s" }
}

extension Pipeline {
    /// What does not come back, if anything does not; nil: everything goes on, an idle camera included.
    public var stall: Stall? {
        guard let (thread, ns) = pulse.longest(at: clock.monotonicNs()), ns > settings.stallNs else { return nil }
        return Stall(thread: thread, seconds: Double(ns) / 1e9)
    }
}
