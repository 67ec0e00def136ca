#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Synchronization

/// Wakes a thread that waits for a socket: a pipe whose end can be waited for beside it.
public final class WakeUp: Sendable {
    /// Readable once somebody has called `raise`.
    let descriptor: Int32
    private let writeEnd: Int32
    /// A byte is in the pipe, or will be in a moment.
    private let isRaised = Atomic<Bool>(false)

    /// - Throws: ``StreamingError`` when no more files can be opened.
    public init() throws(StreamingError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw StreamingError("cannot make a pipe: \(String(cString: strerror(errno)))") }
        (descriptor, writeEnd) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    /// From any thread. Never waits, and costs no system call while the last one was not noticed.
    public func raise() {
        guard !isRaised.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// By the thread that waits, before it looks at what it was woken for.
    func clear() {
        var bytes: (UInt64, UInt64) = (0, 0)
        // First the byte, then the flag: between the two a `raise` is swallowed, but whoever calls this looks afterwards.
        while read(descriptor, &bytes, MemoryLayout.size(ofValue: bytes)) > 0 {}
        _ = isRaised.exchange(false, ordering: .acquiringAndReleasing)
    }

    /// Waits for `raise`, `timeoutMs` at most.
    public func wait(timeoutMs: Int) {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&wanted, 1, Int32(clamping: timeoutMs))
        clear()
    }
}
