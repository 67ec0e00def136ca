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
    _ count: Int, workers: Int, progress: @Sendable (Int) -> Void = { _ in },
    state: @Sendable () throws(Problem) -> State, _ body: @Sendable (inout State, Int) throws(Problem) -> Result
) throws(Problem) -> (results: [Result], states: [State]) {
    let board = Mutex(WorkBoard<Result, Problem>(results: Array(repeating: nil, count: count)))
    nonisolated(unsafe) var states: [State] = []
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: min(workers, count)) { _ in
        do throws(Problem) {
            var own = try state()
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count, board.withLock({ $0.problem == nil }) else { break }
                do throws(Problem) {
                    let result = try body(&own, index)
                    board.withLock { board in
                        board.results[index] = result
                        board.done += 1
                        progress(board.done)
                    }
                } catch {
                    board.withLock { $0.note(error, at: index) }
                }
            }
            // The lock is what makes the one array safe.
            nonisolated(unsafe) let finished = own
            board.withLock { _ in states.append(finished) }
        } catch {
            board.withLock { $0.note(error, at: -1) }
        }
    }
    let board2 = board.withLock { $0 }
    if let problem = board2.problem { throw problem.error }
    return (board2.results.compactMap(\.self), states)
}

private struct WorkBoard<Result: Sendable, Problem: Error>: Sendable {
    var results: [Result?]
    var done = 0
    var problem: (index: Int, error: Problem)?

    mutating func note(_ error: Problem, at index: Int) {
        if index < problem?.index ?? .max { problem = (index, error) }
    }
}
