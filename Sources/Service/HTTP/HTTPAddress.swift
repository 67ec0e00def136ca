#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where the HTTP server listens: `127.0.0.1:9640`, `[::1]:9640` or `localhost:9640`. A name other than localhost is no address: what it means
/// may change with the network.
public struct HTTPAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 address.
    public let host: String
    /// 0: any that is free.
    public let port: Int
    private let isV6: Bool

    /// nil: not an address.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let port = UInt16(digits) else { return nil }
        var host = String(text[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        let isV6 = host.hasPrefix("[") && host.hasSuffix("]")
        if isV6 { host = String(host.dropFirst().dropLast()) }
        var bytes = in6_addr()
        guard inet_pton(isV6 ? AF_INET6 : AF_INET, host, &bytes) == 1 else { return nil }
        self.host = host
        self.port = Int(port)
        self.isV6 = isV6
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool { isV6 ? host == "::1" : host.hasPrefix("127.") }

    public var description: String { isV6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
