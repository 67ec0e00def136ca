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
        #if canImport(Darwin)
        let results = (pthread_mutex_init(mutex, nil), pthread_cond_init(changed, nil))
        #else
        // The wall clock may jump.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        let results = (pthread_mutex_init(mutex, nil), pthread_cond_init(changed, &attributes))
        pthread_condattr_destroy(&attributes)
        #endif
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
    func update<R>(_ body: (inout State) throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
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

    /// The same, but nil when `timeoutMs` passed before.
    func wait<R>(timeoutMs: Int, _ attempt: (inout State) -> R?) -> R? {
        let nanoseconds = Int64(max(0, timeoutMs)) * 1_000_000
        #if canImport(Darwin)
        var rest = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        #else
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let end = Int64(deadline.tv_nsec) + nanoseconds
        deadline.tv_sec += Int(end / 1_000_000_000)
        deadline.tv_nsec = Int(end % 1_000_000_000)
        #endif
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        while true {
            if let result = attempt(&state) { return result }
            #if canImport(Darwin)
            let status = pthread_cond_timedwait_relative_np(changed, mutex, &rest)
            #else
            let status = pthread_cond_timedwait(changed, mutex, &deadline)
            #endif
            if status == ETIMEDOUT { return attempt(&state) }
        }
    }
}
