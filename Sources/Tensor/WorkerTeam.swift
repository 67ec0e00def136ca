import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Cores that stay with one forward pass from its beginning to its end.
///
/// A pass has some hundred short parallel regions. Waking a sleeping core for each costs about as much as the region's
/// work on a virtual machine, so helpers look out for the next region for a moment before they sleep. They come from
/// Dispatch, and the pass does not depend on them: tiles that no helper takes are done by the leader.
// @unchecked Sendable: `work` is written by the leader only while the region is closed and no helper is active; helpers
// read it only between entering an open region and leaving it. Everything else is atomic.
final class WorkerTeam: @unchecked Sendable {
    typealias Work = (_ tile: Int, _ worker: Int) -> Void

    private var work: Work?
    private let tiles = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    /// Counts regions; even while one is open, odd between regions.
    private let phase = Atomic<Int>(1)
    private let active = Atomic<Int>(0)
    private let sleeping = Atomic<Int>(0)
    private let bell = DispatchSemaphore(value: 0)

    /// About a tenth of a millisecond.
    private static let patience = 250

    /// Runs `body` on the calling thread or a helper's, with up to `threads` − 1 helpers beside it.
    func run(threads: Int, _ body: () -> Void) {
        let roles = Atomic<Int>(0), done = Atomic<Bool>(false)
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let lead = body
            DispatchQueue.concurrentPerform(iterations: threads) { _ in
                let role = roles.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue
                guard role == 0 else { return self.help(worker: role, until: done) }
                lead()
                done.store(true, ordering: .sequentiallyConsistent)
                self.wake()
            }
        }
    }

    /// One parallel region, called by the leader: returns when every tile is done.
    func region(_ count: Int, _ body: @escaping Work) {
        work = body
        tiles.store(count, ordering: .relaxed)
        next.store(0, ordering: .relaxed)
        phase.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wake()
        takeTiles(worker: 0)
        phase.wrappingAdd(1, ordering: .sequentiallyConsistent)
        var spins = 0
        while active.load(ordering: .sequentiallyConsistent) > 0 {
            spins += 1
            if spins & 63 == 0 { sched_yield() }
        }
        work = nil
    }

    private func takeTiles(worker: Int) {
        guard let work else { return }
        let count = tiles.load(ordering: .relaxed)
        while true {
            let tile = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard tile < count else { return }
            work(tile, worker)
        }
    }

    private func help(worker: Int, until done: borrowing Atomic<Bool>) {
        var seen = -1, waited = 0
        while !done.load(ordering: .sequentiallyConsistent) {
            let now = phase.load(ordering: .sequentiallyConsistent)
            if now & 1 == 0, now != seen {
                // Enter, then look again: either the region is still open, or the leader has closed it and waits for us.
                active.wrappingAdd(1, ordering: .sequentiallyConsistent)
                if phase.load(ordering: .sequentiallyConsistent) == now { takeTiles(worker: worker) }
                active.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                seen = now
                waited = 0
                continue
            }
            waited += 1
            if waited & 63 == 0 { sched_yield() }
            if waited > 64 * Self.patience {
                sleep(unless: { phase.load(ordering: .sequentiallyConsistent) != now || done.load(ordering: .sequentiallyConsistent) })
                waited = 0
            }
        }
    }

    private func sleep(unless ready: () -> Bool) {
        sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
        // Whoever changes the phase afterwards sees us and rings; a ring too many only wakes somebody early.
        if !ready() { bell.wait() }
        sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    private func wake() {
        for _ in 0..<sleeping.load(ordering: .sequentiallyConsistent) { bell.signal() }
    }
}
