/// Where a socket meets its peers.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    public enum Role: String, Sendable { case bind, connect }
    public var role: Role
    /// `tcp://host:port` or `ipc://path`.
    public var address: String
    public var security: EndpointSecurity

    public init(_ role: Role, _ address: String, _ security: EndpointSecurity = .plain) {
        self.role = role
        self.address = address
        self.security = security
    }

    public var description: String { "\(role.rawValue) \(address)\(security == .plain ? "" : ", CURVE")" }

    /// Throws unless the address is `tcp://host:port` or `ipc://path`. Host and path are left to libzmq; the port is not, because
    /// libzmq takes a number above 65535 for another port without a word.
    public func validate() throws(StreamingError) {
        if address.hasPrefix("ipc://") {
            guard address.utf8.count > "ipc://".utf8.count else { throw wrong("the path is missing") }
        } else if address.hasPrefix("tcp://") {
            let parts = address.dropFirst("tcp://".count).split(
                separator: ":", omittingEmptySubsequences: false)
            guard let port = parts.last, parts.count > 1, parts.first?.isEmpty == false else {
                throw wrong("host and port are written host:port")
            }
            let isFree = role == .bind && (port == "*" || port == "0")
            guard isFree || (1...65535).contains(Int(port) ?? 0) else {
                throw wrong("the port is a number from 1 to 65535" + (role == .bind ? ", or * for any free one" : ""))
            }
        } else if !address.hasPrefix("inproc://") {
            throw wrong("an address is tcp://host:port or ipc://path")
        }
    }

    private func wrong(_ what: String) -> StreamingError { StreamingError("cannot \(role.rawValue) '\(address)': \(what)") }

    /// Whether the address is a literal IPv6 one. libzmq takes the first answer of a name look-up only, so IPv6
    /// switched on for a name such as `localhost` would miss a peer that listens on IPv4 alone.
    var isIPv6: Bool { address.hasPrefix("tcp://[") }
}
