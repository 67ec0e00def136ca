import CZeroMQ

/// One libzmq socket. It is not thread-safe: it is made, used and closed on one queue.
///
/// Every call catches errno where it happens. An interrupted call is repeated; a context that was shut down throws
/// an error that `isShutDown`.
struct Socket: ~Copyable {
    enum Kind { case subscriber, publisher, router, dealer, reply, pair }

    let handle: UnsafeMutableRawPointer
    /// Keeps the context from being terminated while the socket is open.
    private let context: MessagingContext?

    init(_ context: MessagingContext, _ kind: Kind) throws(StreamingError) {
        handle = try Self.open(context.handle, kind)
        self.context = context
    }

    /// A socket that its context does not wait for: whoever makes it sees to that it is closed once the context was shut down.
    init(handle context: UnsafeMutableRawPointer, _ kind: Kind) throws(StreamingError) {
        handle = try Self.open(context, kind)
        self.context = nil
    }

    private static func open(_ context: UnsafeMutableRawPointer, _ kind: Kind) throws(StreamingError) -> UnsafeMutableRawPointer {
        // An XPUB is a PUB on the wire that also tells its owner who subscribes.
        let type = switch kind {
        case .subscriber: ZMQ_SUB
        case .publisher: ZMQ_XPUB
        case .router: ZMQ_ROUTER
        case .dealer: ZMQ_DEALER
        case .reply: ZMQ_REP
        case .pair: ZMQ_PAIR
        }
        guard let handle = zmq_socket(context, type) else { throw .lastCall("open a socket") }
        return handle
    }

    /// Whether its context asks a `KeyAuthority` before a CURVE client is let in.
    var asksBeforeAdmitting: Bool { context?.authority != nil }

    deinit { zmq_close(handle) }

    /// Binds or connects; the address that a bound socket really has is returned (`tcp://127.0.0.1:*` gets a port).
    borrowing func attach(_ endpoint: Endpoint) throws(StreamingError) -> String {
        try endpoint.validate()
        // The option is read when the endpoint is attached, so each endpoint can have its own.
        try set(ZMQ_IPV6, endpoint.isIPv6 ? 1 : 0)
        switch endpoint.role {
        case .bind:
            guard zmq_bind(handle, endpoint.address) == 0 else { throw .lastCall("bind \(endpoint.address)") }
            return try lastEndpoint()
        case .connect:
            guard zmq_connect(handle, endpoint.address) == 0 else { throw .lastCall("connect \(endpoint.address)") }
            return endpoint.address
        }
    }

    /// Lets an address go that `attach` has answered. Nothing can be done where libzmq refuses.
    borrowing func detach(_ endpoint: Endpoint, _ address: String) {
        switch endpoint.role {
        case .bind: _ = zmq_unbind(handle, address)
        case .connect: _ = zmq_disconnect(handle, address)
        }
    }

    /// Waits until a message (all its parts) can be received. A negative timeout waits for ever.
    borrowing func waitForMessage(timeoutMs: Int) throws(StreamingError) -> Bool {
        let deadline = timeoutMs < 0 ? nil : ContinuousClock.now + .milliseconds(timeoutMs)
        var remaining = timeoutMs
        while true {
            var item = zmq_pollitem_t(socket: handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
            let ready = zmq_poll(&item, 1, remaining)
            if ready > 0 { return true }
            if ready == 0 { return false }
            guard zmq_errno() == EINTR else { throw .lastCall("wait for a message") }
            if let deadline {
                remaining = max(0, Int((deadline - ContinuousClock.now) / .milliseconds(1)))
            }
        }
    }

    /// Puts the next part into `message`; false when there is none. libzmq delivers a message's parts together, so
    /// after a first part the others are there.
    borrowing func receive(into message: UnsafeMutablePointer<zmq_msg_t>) throws(StreamingError) -> Bool {
        while zmq_msg_recv(message, handle, ZMQ_DONTWAIT) < 0 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return false
            default: throw .lastCall("receive a message")
            }
        }
        return true
    }

    /// Sends one part; its bytes are copied once, into libzmq's message.
    borrowing func send(_ part: UnsafeRawBufferPointer, more: Bool) throws(StreamingError) {
        let flags = more ? ZMQ_SNDMORE | ZMQ_DONTWAIT : ZMQ_DONTWAIT
        while zmq_send(handle, part.baseAddress, part.count, flags) < 0 {
            guard zmq_errno() == EINTR else { throw .lastCall("send a message") }
        }
    }

    /// Sends a message's parts.
    borrowing func send(_ parts: some Collection<[UInt8]>) throws(StreamingError) {
        for (index, part) in parts.enumerated() {
            try part.withUnsafeBufferPointer { (bytes) throws(StreamingError) in
                try send(UnsafeRawBufferPointer(bytes), more: index + 1 < parts.count)
            }
        }
    }

    // MARK: Options

    borrowing func set(_ option: Int32, _ value: Int32) throws(StreamingError) {
        var value = value
        guard zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw .lastCall("set socket option \(option) to \(value)")
        }
    }

    borrowing func set(_ option: Int32, wide value: Int64) throws(StreamingError) {
        var value = value
        guard zmq_setsockopt(handle, option, &value, MemoryLayout<Int64>.size) == 0 else {
            throw .lastCall("set socket option \(option) to \(value)")
        }
    }

    borrowing func subscribe(to topic: String) throws(StreamingError) {
        var topic = topic
        let status = topic.withUTF8 { zmq_setsockopt(handle, ZMQ_SUBSCRIBE, $0.baseAddress, $0.count) }
        guard status == 0 else { throw .lastCall("subscribe to '\(topic)'") }
    }

    /// As often as it was subscribed to.
    borrowing func unsubscribe(from topic: String) {
        var topic = topic
        _ = topic.withUTF8 { zmq_setsockopt(handle, ZMQ_UNSUBSCRIBE, $0.baseAddress, $0.count) }
    }

    /// The value of an integer option.
    borrowing func value(of option: Int32) throws(StreamingError) -> Int32 {
        var value: Int32 = 0
        var count = MemoryLayout<Int32>.size
        guard zmq_getsockopt(handle, option, &value, &count) == 0 else { throw .lastCall("read a socket option") }
        return value
    }

    private borrowing func lastEndpoint() throws(StreamingError) -> String {
        var buffer = [UInt8](repeating: 0, count: 512)
        var count = buffer.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &buffer, &count) == 0 else {
            throw .lastCall("ask where a socket is bound")
        }
        return String(decoding: buffer.prefix(max(0, count - 1)), as: UTF8.self)
    }

    /// What every socket of flawd is set to before it meets a peer. CONFLATE stays off: with a multipart peer it aborts
    /// the process, and keeping the latest frame is the pipeline's queue's business.
    ///
    /// ZMTP heartbeats stay off too. libzmq 4.3 does not see a peer's PING while a full queue holds its input: it takes the
    /// healthy connection for dead, loses what is under way, and the next receive aborts the process (`_input_stopped`,
    /// issues 3937 and 4767 there; seen here after minutes of a `block` pipeline under load). TCP's own keepalive finds
    /// a peer that is gone within some ten seconds.
    ///
    /// - Parameters:
    ///   - maxMessageBytes: the largest part a peer may send; libzmq drops the connection of one that sends more.
    ///   - highWaterMark: whole messages that are kept for each peer.
    borrowing func configure(maxMessageBytes: Int, highWaterMark: Int32) throws(StreamingError) {
        try set(ZMQ_LINGER, 0)
        try set(ZMQ_RCVHWM, highWaterMark)
        try set(ZMQ_SNDHWM, highWaterMark)
        try set(ZMQ_MAXMSGSIZE, wide: Int64(maxMessageBytes))
        try set(ZMQ_HANDSHAKE_IVL, 3000)
        try set(ZMQ_TCP_KEEPALIVE, 1)
        try set(ZMQ_TCP_KEEPALIVE_IDLE, 5)
        try set(ZMQ_TCP_KEEPALIVE_INTVL, 2)
        try set(ZMQ_TCP_KEEPALIVE_CNT, 3)
        try set(ZMQ_RECONNECT_IVL, 100)
        try set(ZMQ_RECONNECT_IVL_MAX, 2000)
    }
}
