import CZeroMQ
import Foundation
@testable import Streaming

/// What becomes of the handshakes of a socket, as libzmq reports it.
final class HandshakeMonitor {
    enum Outcome: Equatable { case succeeded, failed, failedProtocol, failedAuthentication(Int32) }

    private let pair: UnsafeMutableRawPointer
    private let context: MessagingContext

    /// - Parameter handle: of the socket.
    init(_ context: MessagingContext, _ handle: UnsafeMutableRawPointer) throws {
        self.context = context
        let address = "inproc://monitor-\(UUID().uuidString)"
        guard zmq_socket_monitor(handle, address, ZMQ_EVENT_ALL) == 0, let pair = zmq_socket(context.handle, ZMQ_PAIR) else { throw StreamingError.lastCall("monitor a socket") }
        self.pair = pair
        guard zmq_connect(pair, address) == 0 else { throw StreamingError.lastCall("connect a monitor") }
    }

    deinit { zmq_close(pair) }

    /// The next handshake's end; nil: none ended in ten seconds.
    func next() throws -> Outcome? {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            var item = zmq_pollitem_t(socket: pair, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
            guard zmq_poll(&item, 1, 200) > 0 else { continue }
            var event = [UInt8](repeating: 0, count: 6), address = [UInt8](repeating: 0, count: 256)
            guard zmq_recv(pair, &event, event.count, 0) == 6, zmq_recv(pair, &address, address.count, 0) >= 0 else { throw StreamingError.lastCall("read a monitor") }
            let value = event[2...].withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
            switch Int32(event[0]) | Int32(event[1]) << 8 {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .succeeded
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .failed
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return .failedProtocol
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .failedAuthentication(value)
            default: continue
            }
        }
        return nil
    }
}
