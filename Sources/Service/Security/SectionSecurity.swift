import Streaming

/// How the endpoints of one section of a configuration (or of one command line) meet their peers.
public struct SectionSecurity: Sendable, Equatable {
    /// The keys of the servers that are connected to, by address.
    public var serverKeys: [String: CurveKey] = [:]
    /// Said in so many words: endpoints without a key may be reached from, or reach, other machines.
    public var isInsecure = false

    public init() {}

    /// What keeps an endpoint from being used.
    public enum Problem: Sendable, Equatable {
        /// It is connected to by a server's key, and there is no key of our own.
        case noOwnKey
        /// It connects to another machine, and nothing proves who answers.
        case noServerKey
        /// Other machines can connect to it, and nothing tells who they are.
        case open
        /// It asks for keys, and there is no list of those that are allowed.
        case noList
    }

    /// nil: it may be used. `ipc://` is the file system's business, and plain connections within this machine are allowed.
    ///
    /// - Parameters:
    ///   - hasKey: whether there is a key pair of our own.
    ///   - hasList: whether there is a list of allowed keys.
    public func problem(of endpoint: Endpoint, hasKey: Bool, hasList: Bool) -> Problem? {
        switch endpoint.role {
        case .connect:
            if serverKeys[endpoint.address] != nil { return hasKey ? nil : .noOwnKey }
            return endpoint.isLocal || isInsecure ? nil : .noServerKey
        case .bind:
            if endpoint.isIPC || isInsecure { return nil }
            if hasKey { return hasList ? nil : .noList }
            return endpoint.isLocal ? nil : .open
        }
    }

    /// An endpoint that has no problem, with its security. With a key of our own every `tcp://` address that is bound asks for keys, those
    /// of this machine's loopback included, unless the section is insecure.
    public func secured(_ endpoint: Endpoint, with pair: CurveKeyPair?, for use: PeerUse) -> Endpoint {
        guard let pair else { return endpoint }
        switch endpoint.role {
        case .connect: return serverKeys[endpoint.address].map { endpoint.secured(.client(pair, of: $0)) } ?? endpoint
        case .bind: return endpoint.isIPC || isInsecure ? endpoint : endpoint.secured(.server(pair, for: use))
        }
    }
}
