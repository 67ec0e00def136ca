import CZeroMQ
import Dispatch

/// Answers libzmq's question whether a peer may connect (ZAP, rfc.zeromq.org/spec/27), for one context, on a thread of its own.
///
/// It ends with the context. What is no request is answered, too: a refusal, and the next one is read. Should it ever fail, connections
/// are refused from then on (ZMQ_ZAP_ENFORCE_DOMAIN), not let in.
// @unchecked Sendable: once made it is handed to its queue, a serial one, and used there alone.
final class ZAPHandler: @unchecked Sendable {
    static let address = "inproc://zeromq.zap.01"
    /// version, request id, domain, address, identity, mechanism, and CURVE's one credential: the client's key.
    private static let curveParts = 7
    private static let version = Array("1.0".utf8)

    private let socket: Socket
    private let authority: KeyAuthority
    private let slot = MessageSlots(count: 1)

    /// - Parameter handle: of a context that outlives the handler: its owner shuts it down, and terminates it afterwards.
    private init(context handle: UnsafeMutableRawPointer, _ authority: KeyAuthority) throws(StreamingError) {
        self.authority = authority
        socket = try Socket(handle: handle, .reply)
        try socket.set(ZMQ_LINGER, 0)
        _ = try socket.attach(Endpoint(.bind, Self.address))
    }

    /// Once it returns, the handler is bound: before any other socket of the context, as libzmq demands.
    static func start(context handle: UnsafeMutableRawPointer, _ authority: KeyAuthority) throws(StreamingError) {
        let handler = try ZAPHandler(context: handle, authority)
        DispatchQueue(label: "flawd.zap").async { @Sendable in handler.serve() }
    }

    private func serve() {
        do throws(StreamingError) {
            while true {
                guard try socket.waitForMessage(timeoutMs: -1), let parts = try receive() else { continue }
                let request = Self.request(parts)
                let name = authority.judge(request)
                // Of a request without an id there is none to be given back.
                try socket.send([Self.version, parts.dropFirst().first.map { Array($0.prefix(255)) } ?? []] + Self.outcome(name, isRequest: request != nil))
            }
        } catch {
            // The context was shut down; after anything else nobody is let in any more.
        }
    }

    /// Status, its text, the user's name, no further properties.
    ///
    /// Who is not allowed is told so as something that may change (300): at 400 libzmq's clients give up for good, and a camera whose key is
    /// added a minute later would have to be started again. So they try again as soon as their or our handshake's time is over.
    private static func outcome(_ name: String?, isRequest: Bool) -> [[UInt8]] {
        let texts = name.map { ["200", "OK", $0, ""] } ?? (isRequest ? ["300", "not allowed", "", ""] : ["400", "not a request", "", ""])
        return texts.map { Array($0.utf8) }
    }

    /// nil: the parts are no request.
    static func request(_ parts: [[UInt8]]) -> KeyAuthority.Request? {
        guard parts.count >= curveParts - 1, parts[0] == version else { return nil }
        let isCurve = parts[5].elementsEqual("CURVE".utf8) && parts.count == curveParts
        return KeyAuthority.Request(
            use: PeerUse(rawValue: String(decoding: parts[2], as: UTF8.self)),
            address: String(decoding: parts[3].prefix(64), as: UTF8.self),
            key: isCurve ? parts[6].withUnsafeBytes { CurveKey(bytes: $0) } : nil)
    }

    /// A message's parts, of which no more are kept than a request has, and one that shows that there were more.
    private func receive() throws(StreamingError) -> [[UInt8]]? {
        guard try socket.receive(into: slot[0]) else { return nil }
        defer { slot.clear() }
        var parts = [[UInt8](slot.bytes(0))]
        while slot.hasMore(0) {
            guard try socket.receive(into: slot[0]) else { throw StreamingError("a ZAP request ended although libzmq announced another part") }
            if parts.count <= Self.curveParts { parts.append([UInt8](slot.bytes(0))) }
        }
        return parts
    }
}
