import CZeroMQ

/// Connects again where a server has refused our key: libzmq's client gives up for good then, although the key may be allowed a minute later.
/// Used on the socket's queue.
final class RefusedConnections {
    /// From a refusal to the next attempt.
    private static let patience = Duration.seconds(2)

    private let clients: [Endpoint]
    private let monitor: Socket
    private let slot = MessageSlots(count: 1)
    private var due: [Int: ContinuousClock.Instant] = [:]

    /// nil: no endpoint is a CURVE client.
    ///
    /// - Parameter socket: not attached yet.
    init?(_ context: MessagingContext, _ socket: borrowing Socket, _ endpoints: [Endpoint]) throws(StreamingError) {
        clients = endpoints.filter { endpoint in if case .client = endpoint.security { true } else { false } }
        guard !clients.isEmpty else { return nil }
        let address = "inproc://flawd.refusals.\(UInt(bitPattern: socket.handle))"
        guard zmq_socket_monitor(socket.handle, address, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0 else { throw .lastCall("monitor a socket") }
        monitor = try Socket(context, .pair)
        try monitor.set(ZMQ_LINGER, 0)
        _ = try monitor.attach(Endpoint(.connect, address))
    }

    /// Notes refusals, and connects again where it is time. To be called now and then.
    ///
    /// - Returns: the addresses where the key was refused since the last call.
    func look(_ socket: borrowing Socket, now: ContinuousClock.Instant = .now) throws(StreamingError) -> [String] {
        var refused: [String] = []
        // Two parts: the event, and the address that was connected to, a name looked up.
        while try monitor.receive(into: slot[0]) {
            guard slot.hasMore(0), try monitor.receive(into: slot[0]) else { continue }
            let address = String(decoding: slot.bytes(0), as: UTF8.self)
            let same = clients.indices.filter { clients[$0].address == address }
            for index in same.isEmpty ? Array(clients.indices) : same where due[index] == nil {
                due[index] = now + Self.patience
                refused.append(clients[index].address)
            }
        }
        for (index, time) in due where time <= now {
            due[index] = nil
            // One whose name was not the refused one's may be connected; it will be again.
            zmq_disconnect(socket.handle, clients[index].address)
            _ = try socket.attach([clients[index]])
        }
        return refused
    }
}
