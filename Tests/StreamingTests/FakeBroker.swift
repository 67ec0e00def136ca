import Foundation
import Synchronization
@testable import Streaming

/// A broker of a few lines (MQTT 5, QoS 1 inwards) on a port of its own, which does what a test says: it acknowledges late, in another order, not at
/// all, refuses, or hangs up. It serves one connection after the other.
// @unchecked Sendable: `state` is touched only under `lock`; the rest is constant.
final class FakeBroker: @unchecked Sendable {
    struct Publication: Sendable, Equatable {
        var topic: String
        var payload: [UInt8]
        var isRetained: Bool
        /// Which connection it came by, from 1.
        var connection: Int
    }

    enum Answer { case acknowledge, refuse(UInt8), hold, releaseInReverse, hangUp }

    private struct State {
        var publications: [Publication] = []
        var connections = 0
        /// CONNECT as it came, of the last connection.
        var greeting: [UInt8] = []
        var farewells = 0
        var isClosed = false
    }

    let port: Int
    private let listener: Int32
    private let welcome: [UInt8]
    private let answer: @Sendable (Publication) -> Answer
    private let lock = NSLock()
    private var state = State()
    /// Raised with every message, so that whoever publishes looks at what a test waits for.
    let wake: WakeUp

    /// - Parameter welcome: CONNACK.
    init(welcome: [UInt8] = [0x20, 3, 0, 0, 0], wake: WakeUp, answer: @escaping @Sendable (Publication) -> Answer = { _ in .acknowledge }) throws {
        self.welcome = welcome
        self.wake = wake
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in(), size = socklen_t(MemoryLayout<sockaddr_in>.size)
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let listener = listener
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &size) == 0 }
        }
        guard status else { throw StreamingError("no port for a broker") }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in accept() }
    }

    /// To be called at a test's end.
    func stop() {
        lock.withLock { state.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    var publications: [Publication] { lock.withLock { state.publications } }
    var connections: Int { lock.withLock { state.connections } }
    var greeting: [UInt8] { lock.withLock { state.greeting } }
    var farewells: Int { lock.withLock { state.farewells } }

    /// The numbers of the events that came, in the order of their coming.
    var events: [UInt64] {
        publications.filter { $0.topic.hasSuffix("/verdict") || $0.topic.hasSuffix("/missing") }.compactMap {
            if case .integer(let seq)? = (try? JSONReader.object($0.payload))?["seq"] { UInt64(seq) } else { nil }
        }
    }

    private func accept() {
        while true {
            let descriptor = Foundation.accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            serve(descriptor)
            close(descriptor)
        }
        close(listener)
    }

    private func serve(_ descriptor: Int32) {
        let connection = lock.withLock { state.connections += 1; return state.connections }
        var held: [[UInt8]] = []
        while let (kind, body) = packet(descriptor) {
            switch kind >> 4 {
            case 1:
                lock.withLock { state.greeting = body }
                write(descriptor, welcome)
            case 3:
                let length = Int(body[0]) << 8 | Int(body[1]), id = Array(body[2 + length ..< 4 + length])
                let properties = Int(body[4 + length])
                let publication = Publication(
                    topic: String(decoding: body[2 ..< 2 + length], as: UTF8.self), payload: Array(body[(5 + length + properties)...]), isRetained: kind & 1 == 1,
                    connection: connection)
                lock.withLock { state.publications.append(publication) }
                switch answer(publication) {
                case .acknowledge: write(descriptor, [0x40, 2] + id)
                case .refuse(let reason): write(descriptor, [0x40, 3] + id + [reason])
                case .hold: held.append(id)
                case .releaseInReverse:
                    for id in [id] + held.reversed() { write(descriptor, [0x40, 2] + id) }
                    held = []
                case .hangUp: return
                }
                wake.raise()
            case 12: write(descriptor, [0xD0, 0])
            case 14: lock.withLock { state.farewells += 1 }
            default: return
            }
        }
    }

    private func packet(_ descriptor: Int32) -> (kind: UInt8, body: [UInt8])? {
        guard let kind = read(descriptor, 1)?.first else { return nil }
        var length = 0, shift = 0
        while true {
            guard shift < 28, let byte = read(descriptor, 1)?.first else { return nil }
            length |= Int(byte & 0x7F) << shift
            shift += 7
            if byte & 0x80 == 0 { break }
        }
        return read(descriptor, length).map { (kind, $0) }
    }

    private func read(_ descriptor: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count), done = 0
        while done < count {
            let part = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress.map { $0 + done }, count - done, 0) }
            guard part > 0 else { return nil }
            done += part
        }
        return bytes
    }

    private func write(_ descriptor: Int32, _ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } }
}
