import Foundation
@testable import Streaming

/// A publisher that speaks ZMTP 3.0 (rfc.zeromq.org/spec/23) over a TCP socket of its own, so that it can do what libzmq never
/// would: begin messages that do not end.
final class RawPeer {
    private let descriptor: Int32

    /// Connects to a subscriber that is bound at `tcp://127.0.0.1:port` and shakes hands as a PUB without security.
    init(_ endpoint: String) throws {
        guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw StreamingError("no port in \(endpoint)")
        }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw StreamingError("cannot connect to \(endpoint)") }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))

        let signature: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F]
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        try write(signature + [3, 0] + mechanism + [UInt8](repeating: 0, count: 32))
        let property = [11] + Array("Socket-Type".utf8) + [0, 0, 0, 3] + Array("PUB".utf8)
        let ready = [5] + Array("READY".utf8) + property
        try write([0x04, UInt8(ready.count)] + ready)
        // Only after the other side's READY may messages follow: its greeting, then one short command.
        _ = try read(64)
        let start = try read(2)
        guard start[0] == 0x04 else { throw StreamingError("the subscriber did not answer with a command") }
        _ = try read(Int(start[1]))
    }

    deinit { close(descriptor) }

    /// Ends the connection. Said aloud, because an object is freed after its last use, which may be long before the test is through.
    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func send(part: [UInt8], more: Bool) throws {
        try write(Self.frameStart(part.count, more: more) + part)
    }

    /// Says that a part of `count` bytes follows, and nothing else.
    func announce(_ count: Int, more: Bool) throws { try write(Self.frameStart(count, more: more)) }

    /// Reads until the subscriber closes the connection; false when it does not.
    func isHungUpOn() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return true }
            if count < 0 && errno != EINTR { return false }
        }
    }

    private static func frameStart(_ count: Int, more: Bool) -> [UInt8] {
        [more ? 0x03 : 0x02] + withUnsafeBytes(of: UInt64(count).bigEndian) { Array($0) }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var chunk = [UInt8](repeating: 0, count: count - bytes.count)
            let got = recv(descriptor, &chunk, chunk.count, 0)
            guard got > 0 || (got < 0 && errno == EINTR) else { throw StreamingError("the subscriber hung up") }
            bytes += chunk.prefix(max(0, got))
        }
        return bytes
    }

    private func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 || errno == EINTR else { throw StreamingError("the subscriber hung up") }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
