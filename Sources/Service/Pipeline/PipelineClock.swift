#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The two clocks a frame is timed with; tests bring their own.
public struct PipelineClock: Sendable {
    /// Nanoseconds of a clock that only goes forward: deadlines and latencies.
    public var monotonicNs: @Sendable () -> Int64
    /// Nanoseconds since 1970 UTC: what events say.
    public var utcNs: @Sendable () -> Int64

    public init(monotonicNs: @escaping @Sendable () -> Int64, utcNs: @escaping @Sendable () -> Int64) {
        self.monotonicNs = monotonicNs
        self.utcNs = utcNs
    }

    public static let system = PipelineClock(
        monotonicNs: { nanoseconds(CLOCK_MONOTONIC) }, utcNs: { nanoseconds(CLOCK_REALTIME) })

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
