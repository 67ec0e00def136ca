/// Where a socket meets its peers.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    public enum Role: String, Sendable { case bind, connect }
    public var role: Role
    /// `tcp://host:port` or `ipc://path`.
    public var address: String

    public init(_ role: Role, _ address: String) {
        self.role = role
        self.address = address
    }

    public var description: String { "\(role.rawValue) \(address)" }

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

    /// Whether only this machine can reach it: `ipc://`, or TCP on 127.0.0.0/8, ::1 or localhost.
    public var isLocal: Bool {
        guard address.hasPrefix("tcp://") else { return true }
        let host = address.dropFirst("tcp://".count).split(separator: ":", omittingEmptySubsequences: false).dropLast().joined(separator: ":")
        if ["localhost", "[::1]"].contains(host) { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    /// Whether the address is a literal IPv6 one. libzmq takes the first answer of a name look-up only, so IPv6
    /// switched on for a name such as `localhost` would miss a peer that listens on IPv4 alone.
    var isIPv6: Bool { address.hasPrefix("tcp://[") }
}
