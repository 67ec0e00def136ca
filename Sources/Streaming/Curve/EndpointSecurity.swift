/// How the connections of an endpoint are secured.
///
/// Whoever binds is CURVE's server: it has an allow-list of its clients' keys. Whoever connects is the client: it knows the server's key,
/// so nobody else can answer in its place.
public enum EndpointSecurity: Hashable, Sendable {
    /// Neither encrypted nor authenticated.
    case plain
    case server(CurveKeyPair, for: PeerUse)
    case client(CurveKeyPair, of: CurveKey)
}

extension Endpoint {
    /// Whether only this machine's processes can be at the other end: `ipc://`, and `tcp://` at a loopback address. A name other than
    /// `localhost`, whatever it resolves to, does not count.
    public var isLocal: Bool {
        guard address.hasPrefix("tcp://") else { return true }
        // A connecting address may have a source in front: tcp://source;host:port.
        let target = address.dropFirst("tcp://".count).split(separator: ";", omittingEmptySubsequences: false).last ?? ""
        guard let colon = target.lastIndex(of: ":") else { return false }
        let host = target[..<colon].lowercased()
        if host == "localhost" || host == "[::1]" || host == "lo" && role == .bind { return true }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets.first == "127" && octets.allSatisfy { $0.utf8.count <= 3 && UInt8($0) != nil && $0.first != "+" }
    }

    /// Whether the file system's permissions guard it.
    public var isIPC: Bool { address.hasPrefix("ipc://") }

    /// The same place with other security.
    public func secured(_ security: EndpointSecurity) -> Endpoint {
        var endpoint = self
        endpoint.security = security
        return endpoint
    }
}
