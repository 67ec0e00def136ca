#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// State behind a lock, and threads that wait until it suits them.
///
/// The queues between the pipeline's threads need several reasons to wait on one state (space in a lane, work in any
/// lane, closed), which one condition variable says directly; the number of threads is small enough that waking
/// all of them at every change costs nothing. It also serves where a Mutex would do, because the thread sanitizer sees
/// pthread's locks and, in Swift 6.3 on Linux, not Synchronization.Mutex: it takes every guarded access for a race. Only the pipeline's own threads wait here, never a Swift task.
// @unchecked Sendable: `state` is touched only while `mutex` is held; both pointers are constant until `deinit`.
final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    init(_ state: State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        changed = .allocate(capacity: 1)
        changed.initialize(to: pthread_cond_t())
        let results = (pthread_mutex_init(mutex, nil), pthread_cond_init(changed, nil))
        precondition(results == (0, 0), "a mutex or condition variable could not be made")
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Looks at the state without changing it; nobody is woken.
    func read<R>(_ body: (State) -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(state)
    }

    /// Changes the state and wakes whoever waits for a change.
    func update<R>(_ body: (inout State) -> R) -> R {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return body(&state)
    }

    /// Waits until `attempt` answers something other than nil; what it changed then wakes the others.
    ///
    /// - Precondition: an attempt that answers nil has changed nothing.
    func wait<R>(_ attempt: (inout State) -> R?) -> R {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        while true {
            if let result = attempt(&state) { return result }
            pthread_cond_wait(changed, mutex)
        }
    }
}
