#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Foundation
import Logging

/// Log lines for systemd's journal in its own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of fields a line, so that
/// `journalctl -u flawd PRIORITY=4` and `FLAWD_CAMERA=line1/top` find what they ask for.
///
/// A line that the journal does not take goes to standard error, which systemd keeps as well.
public struct JournaldLogHandler: LogHandler {
    public var logLevel = Logger.Level.trace
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let socket: JournalSocket
    private let fallback: any LogHandler

    /// nil: standard error is not the journal's.
    public init?(label: String, environment: [String: String], fallback: any LogHandler) {
        guard JournalSocket.takesStandardError(environment) else { return nil }
        self.init(label: label, path: "/run/systemd/journal/socket", fallback: fallback)
    }

    /// - Parameter path: of the journal's socket.
    init?(label: String, path: String, fallback: any LogHandler) {
        guard let socket = JournalSocket(path: path) else { return nil }
        self.label = label
        self.socket = socket
        self.fallback = fallback
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var entry = JournalEntry()
        entry.add("MESSAGE", event.message.description)
        entry.add("PRIORITY", String(Self.priority(of: event.level)))
        entry.add("SYSLOG_IDENTIFIER", "flawd")
        entry.add("LOGGER", label)
        entry.add("CODE_FILE", event.file)
        entry.add("CODE_LINE", String(event.line))
        entry.add("CODE_FUNC", event.function)
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { entry.add("FLAWD_\(key)", value.description) }
        if !socket.send(entry.bytes) { fallback.log(event: event) }
    }

    /// Of syslog(3).
    private static func priority(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}

/// The fields of one line.
struct JournalEntry {
    private(set) var bytes: [UInt8] = []

    /// Of a value; what is longer is cut. A datagram must not be larger than a socket's buffer.
    private static let maxBytes = 32 << 10

    /// - Parameter name: what is no letter, digit or underscore becomes one.
    mutating func add(_ name: String, _ value: String) {
        let key = name.uppercased().utf8.map { byte -> UInt8 in
            let isPlain = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            return isPlain ? byte : UInt8(ascii: "_")
        }
        // The journal drops fields with longer names.
        bytes += key.prefix(64)
        let text = value.utf8.prefix(Self.maxBytes)
        if text.contains(UInt8(ascii: "\n")) {
            // A name, a newline, the length as 64 bits in little-endian order, the value.
            bytes.append(UInt8(ascii: "\n"))
            withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes += $0 }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += text
        bytes.append(UInt8(ascii: "\n"))
    }
}

/// A datagram socket that is connected to the journal.
// Safe to share: the descriptor never changes, and a datagram is sent by one system call.
final class JournalSocket: Sendable {
    private let descriptor: Int32

    init?(path: String) {
        #if os(Linux)
        descriptor = Self.open(path)
        guard descriptor >= 0 else { return nil }
        #else
        return nil
        #endif
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func send(_ bytes: [UInt8]) -> Bool {
        #if os(Linux)
        return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        #else
        return false
        #endif
    }

    /// Whether standard error leads to the journal: `JOURNAL_STREAM` names its device and inode.
    static func takesStandardError(_ environment: [String: String]) -> Bool {
        var info = stat()
        guard let stream = environment["JOURNAL_STREAM"], fstat(STDERR_FILENO, &info) == 0 else { return false }
        return stream == "\(info.st_dev):\(info.st_ino)"
    }

    #if os(Linux)
    private static func open(_ path: String) -> Int32 {
        var target = sockaddr_un()
        let bytes = Array(path.utf8) + [0]
        guard bytes.count <= MemoryLayout.size(ofValue: target.sun_path) else { return -1 }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: bytes) }
        let status = withUnsafePointer(to: &target) { target in
            target.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard status == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }
    #endif
}
