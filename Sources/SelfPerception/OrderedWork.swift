import Dispatch
import Synchronization

/// Does many independent pieces of work on several threads, each with state of its own (a session, buffers), and gives the
/// results in the order of the work: which thread did what is not to be seen.
///
/// Whole pictures side by side, each on one core, take less time than pictures one after another on all cores, and reading and
/// measuring one fall into the inference of another.
///
/// - Parameters:
///   - workers: threads; the calling one waits for them and must not be one of Swift's concurrency pool.
///   - state: made once on each thread that is needed.
///   - progress: called after each piece with how many are done, from any of the threads, one at a time.
/// - Returns: results in order, and the threads' states in no order.
/// - Throws: the error of the earliest piece that failed; later pieces are not begun.
public func inParallel<State, Result: Sendable, Problem: Error>(
    _ count: Int, workers: Int, progress: (@Sendable (Int) -> Void)? = nil,
    state: @Sendable () throws(Problem) -> State, _ body: @Sendable (inout State, Int) throws(Problem) -> Result
) throws(Problem) -> (results: [Result], states: [State]) {
    let workers = max(0, min(workers, count))
    // Each worker writes to its own share alone, and they are read when all have ended: there is nothing to lock.
    nonisolated(unsafe) let shares = (0..<workers).map { _ in WorkShare<State, Result, Problem>() }
    let next = Atomic<Int>(0), hasProblem = Atomic<Bool>(false), done = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
        let share = shares[worker]
        var index = -1
        do throws(Problem) {
            var own = try state()
            while !hasProblem.load(ordering: .relaxed) {
                index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { break }
                share.results.append((index, try body(&own, index)))
                guard let progress else { continue }
                done.withLock {
                    $0 += 1
                    progress($0)
                }
            }
            share.state = own
        } catch {
            share.problem = (index, error)
            hasProblem.store(true, ordering: .relaxed)
        }
    }
    if let first = shares.compactMap(\.problem).min(by: { $0.index < $1.index }) { throw first.error }
    let results = shares.flatMap(\.results).sorted { $0.index < $1.index }.map(\.result)
    return (results, shares.compactMap(\.state))
}

/// What one worker did.
private final class WorkShare<State, Result, Problem: Error> {
    var results: [(index: Int, result: Result)] = []
    var state: State?
    var problem: (index: Int, error: Problem)?
}
