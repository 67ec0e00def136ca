#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where a broker listens: `mqtt://host:1883`, or `mqtts://host:8883` for TLS.
public struct MQTTBroker: Sendable, Equatable, CustomStringConvertible {
    public let host: String
    public let port: Int
    public let isEncrypted: Bool

    /// - Parameter address: without a port, the usual one is meant.
    /// - Throws: ``MQTTError`` saying what would be right.
    public init(_ address: String) throws(MQTTError) {
        func wrong(_ what: String) -> MQTTError { MQTTError("'\(address.prefix(128))': \(what)") }
        let rest: Substring
        if address.hasPrefix("mqtts://") {
            (isEncrypted, rest) = (true, address.dropFirst("mqtts://".count))
        } else if address.hasPrefix("mqtt://") {
            (isEncrypted, rest) = (false, address.dropFirst("mqtt://".count))
        } else {
            throw wrong("an address is mqtt://host:1883, or mqtts://host:8883 for TLS")
        }
        guard !rest.contains("@") else { throw wrong("user and password have keys of their own: username and password_file") }
        guard !rest.contains("/") else { throw wrong("nothing follows the port") }
        let name: Substring, digits: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { throw wrong("an IPv6 address is written [address]:port") }
            name = rest[rest.index(after: rest.startIndex)..<end]
            let tail = rest[rest.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw wrong("an IPv6 address is written [address]:port") }
            digits = tail.isEmpty ? nil : tail.dropFirst()
        } else {
            let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { throw wrong("an IPv6 address is written [address]:port") }
            name = parts.first ?? ""
            digits = parts.count == 2 ? parts[1] : nil
        }
        let isReadable = name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        guard !name.isEmpty, name.utf8.count <= 255, isReadable else { throw wrong("the host is missing or is no name") }
        // Int alone would read "+1883", too.
        let isNumber = digits.map { digits in digits.utf8.allSatisfy { (0x30...0x39).contains($0) } } ?? true
        let port = isNumber ? digits.map { Int($0) ?? 0 } ?? (isEncrypted ? 8883 : 1883) : 0
        guard (1...65535).contains(port) else { throw wrong("the port is a number from 1 to 65535") }
        host = String(name)
        self.port = port
    }

    public var description: String { "\(isEncrypted ? "mqtts" : "mqtt")://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// Whether what is sent there stays on this machine.
    public var isLoopback: Bool {
        var four = in_addr(), six = in6_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        if inet_pton(AF_INET6, host, &six) == 1 {
            return withUnsafeBytes(of: six) { $0.last == 1 && $0.dropLast().allSatisfy { $0 == 0 } }
        }
        return host.lowercased() == "localhost"
    }
}
