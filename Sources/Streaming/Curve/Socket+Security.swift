import CZeroMQ

/// Where a domain is set, a peer without the handler's consent is refused; without this option libzmq lets everyone in when there is no
/// handler. Its name is in the headers of libzmq's drafts only, the option is in every libzmq from 4.3 on.
private let enforceDomain: Int32 = 93

extension Socket {
    /// Attaches every endpoint. Returns where the binding ones are bound, in their order.
    ///
    /// libzmq copies a socket's options into each endpoint as it is attached, so each has its own security. A domain cannot be taken off a
    /// socket again, and plain connections would be asked about, too: plain endpoints come first.
    borrowing func attach(_ endpoints: [Endpoint], topics: [String] = []) throws(StreamingError) -> [String] {
        guard !endpoints.isEmpty else { throw StreamingError("a socket needs at least one endpoint") }
        for topic in topics { try subscribe(to: topic) }
        var bound: [(index: Int, address: String)] = []
        for (index, endpoint) in Self.attachingOrder(endpoints.enumerated(), of: \.element) {
            let address = try attachSecured(endpoint)
            if endpoint.role == .bind { bound.append((index, address)) }
        }
        return bound.sorted { $0.index < $1.index }.map(\.address)
    }

    /// With those first that are plain.
    static func attachingOrder<Item>(_ items: some Sequence<Item>, of endpoint: (Item) -> Endpoint) -> [Item] {
        items.filter { endpoint($0).security == .plain } + items.filter { endpoint($0).security != .plain }
    }

    /// Attaches one endpoint with its own security. Answers the address that it really has.
    borrowing func attachSecured(_ endpoint: Endpoint) throws(StreamingError) -> String {
        try secure(endpoint)
        return try attach(endpoint)
    }

    private borrowing func secure(_ endpoint: Endpoint) throws(StreamingError) {
        switch endpoint.security {
        case .plain: break
        case .server(let pair, let use):
            guard endpoint.role == .bind else { throw StreamingError("cannot connect \(endpoint.address): whoever connects is CURVE's client and knows the server's key") }
            guard asksBeforeAdmitting else {
                // libzmq would admit any key.
                throw StreamingError("cannot bind \(endpoint.address): its context has nobody who decides which keys are let in")
            }
            try set(ZMQ_CURVE_SERVER, 1)
            try set(ZMQ_CURVE_SECRETKEY, text: pair.secret)
            try set(ZMQ_ZAP_DOMAIN, text: use.rawValue)
            try set(enforceDomain, 1)
        case .client(let pair, let server):
            guard endpoint.role == .connect else { throw StreamingError("cannot bind \(endpoint.address): whoever binds is CURVE's server and has a list of allowed keys") }
            try set(ZMQ_CURVE_SERVER, 0)
            try set(ZMQ_CURVE_PUBLICKEY, text: pair.publicKey.text)
            try set(ZMQ_CURVE_SECRETKEY, text: pair.secret)
            try set(ZMQ_CURVE_SERVERKEY, text: server.text)
        }
    }

    private borrowing func set(_ option: Int32, text: String) throws(StreamingError) {
        var text = text
        // The value stays out of the message: it may be a secret.
        let status = text.withUTF8 { zmq_setsockopt(handle, option, $0.baseAddress, $0.count) }
        guard status == 0 else { throw .lastCall("set socket option \(option)") }
    }
}
