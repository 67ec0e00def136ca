#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Dispatch

/// Tells systemd how flawd is, by the protocol of sd_notify(3): one datagram a message, to the socket that `NOTIFY_SOCKET` names. Whatever
/// goes wrong is nobody's business: a service must run without its manager, too.
public struct ServiceManager: Sendable {
    private let address: [UInt8]
    /// How often the manager wants to hear that all is well; nil: it does not watch.
    public let watchdog: Duration?

    /// nil: flawd was not started by a service manager.
    public init?(environment: [String: String]) {
        // `@` stands for the zero byte that an abstract address begins with. sockaddr_un has 108 bytes, and a path ends with a zero.
        guard let name = environment["NOTIFY_SOCKET"], let first = name.utf8.first, name.utf8.count <= 107 else { return nil }
        switch first {
        case UInt8(ascii: "/"): address = Array(name.utf8) + [0]
        case UInt8(ascii: "@"): address = [0] + name.utf8.dropFirst()
        default: return nil
        }
        let isForThisProcess = environment["WATCHDOG_PID"].map { Int32($0) == getpid() } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        watchdog = isForThisProcess ? microseconds.map { .microseconds($0) } : nil
    }

    // MARK: Messages

    public func ready(_ status: String) { send("READY=1\nSTATUS=\(Self.line(status))") }
    public func status(_ text: String) { send("STATUS=\(Self.line(text))") }
    public func isAlive() { send("WATCHDOG=1") }
    public func isStopping() { send("STOPPING=1\nSTATUS=stopping; what is queued is still inspected") }

    /// In one datagram, as systemd 253 wants it of `Type=notify-reload`; earlier ones take it, too. `ready` ends the reload, a refused one as well.
    public func isReloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)")
    }

    /// Does `work`, which may take longer than a start may: a large model is read from a slow disk.
    ///
    /// - Parameter most: after so long the manager is right to lose its patience.
    public func extendingStart<R>(most: Duration = .seconds(900), _ work: () throws -> R) rethrows -> R {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "flawd.start"))
        let end = ContinuousClock.now + most, manager = self
        timer.setEventHandler { @Sendable in
            if ContinuousClock.now < end { manager.send("EXTEND_TIMEOUT_USEC=30000000\nSTATUS=loading the model") }
        }
        timer.schedule(deadline: .now(), repeating: .seconds(10))
        timer.resume()
        defer { timer.cancel() }
        return try work()
    }

    // MARK: The socket

    /// A status is one line.
    private static func line(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }.prefix(500)) }

    private func send(_ text: String) {
        #if os(Linux)
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #else
        let kind = SOCK_DGRAM
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: address) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: target.sun_path) + address.count)
        let bytes = Array(text.utf8)
        _ = withUnsafePointer(to: &target) { target in
            target.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT), $0, length) }
        }
    }
}
