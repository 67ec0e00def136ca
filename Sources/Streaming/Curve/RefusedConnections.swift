import CZeroMQ

/// Connects again where a server has refused our key: libzmq's client gives up for good then, although the key may be allowed a minute later.
/// Used on the socket's queue.
final class RefusedConnections {
    /// From a refusal to the next attempt.
    private static let patience = Duration.seconds(2)

    private var clients: [Endpoint]
    private let monitor: Socket
    private let slot = MessageSlots(count: 1)
    private var due: [Endpoint: ContinuousClock.Instant] = [:]

    /// nil: no endpoint is a CURVE client.
    ///
    /// - Parameter socket: not attached yet.
    init?(_ context: MessagingContext, _ socket: borrowing Socket, _ endpoints: [Endpoint]) throws(StreamingError) {
        clients = Self.clients(among: endpoints)
        guard !clients.isEmpty else { return nil }
        let address = "inproc://flawd.refusals.\(UInt(bitPattern: socket.handle))"
        guard zmq_socket_monitor(socket.handle, address, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0 else { throw .lastCall("monitor a socket") }
        monitor = try Socket(context, .pair)
        try monitor.set(ZMQ_LINGER, 0)
        _ = try monitor.attach(Endpoint(.connect, address))
    }

    private static func clients(among endpoints: [Endpoint]) -> [Endpoint] {
        endpoints.filter { endpoint in if case .client = endpoint.security { true } else { false } }
    }

    /// The socket has these endpoints now.
    func watch(_ endpoints: [Endpoint]) {
        clients = Self.clients(among: endpoints)
        due = due.filter { clients.contains($0.key) }
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
            let same = clients.filter { $0.address == address }
            for client in same.isEmpty ? clients : same where due[client] == nil {
                due[client] = now + Self.patience
                refused.append(client.address)
            }
        }
        for (client, time) in due where time <= now {
            due[client] = nil
            // One whose name was not the refused one's may be connected; it will be again.
            zmq_disconnect(socket.handle, client.address)
            _ = try socket.attachSecured(client)
        }
        return refused
    }
}
