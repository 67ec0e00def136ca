import Synchronization

/// Decides who may connect to what a context's sockets bind: those whose key is on a list, for what it is allowed for.
///
/// Asked by the context's ZAP handler on its thread; several contexts may share one. A connection that exists is not looked at again: a key
/// that leaves the list is refused from its next handshake on.
public final class KeyAuthority: Sendable {
    /// What a peer asks for.
    struct Request {
        /// nil: a domain that is none of flawd's.
        var use: PeerUse?
        /// The peer's network address, as libzmq says it; empty where it has none.
        var address: String
        /// nil: it shows no CURVE key.
        var key: CurveKey?
    }

    /// A peer that was not let in.
    public struct Denial: Sendable, Equatable {
        public enum Reason: String, Sendable { case unknownKey, otherUse, noKey, malformed }
        public let reason: Reason
        public let use: PeerUse?
        public let address: String
        public let key: CurveKey?
        /// Whose key it is, if it is on the list.
        public let name: String?
    }

    public struct Counts: Sendable, Equatable {
        public var admitted: UInt64
        public var denied: UInt64
    }

    private let keys: @Sendable () -> AllowedKeys
    private let report: @Sendable (Denial) -> Void
    private let admitted = Atomic<UInt64>(0)
    private let denied = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - keys: the list in force.
    ///   - report: called for everyone who is not let in, on the handler's thread: it must be quick.
    public init(keys: @escaping @Sendable () -> AllowedKeys, report: @escaping @Sendable (Denial) -> Void = { _ in }) {
        self.keys = keys
        self.report = report
    }

    /// Handshakes so far.
    public var counts: Counts {
        Counts(admitted: admitted.load(ordering: .relaxed), denied: denied.load(ordering: .relaxed))
    }

    /// - Parameter request: nil: something that is no request.
    /// - Returns: the peer's name; nil: it is not let in.
    func judge(_ request: Request?) -> String? {
        let entry = request?.key.flatMap { keys().entry(of: $0) }
        if let entry, let use = request?.use, entry.uses.contains(use) {
            admitted.add(1, ordering: .relaxed)
            return entry.name
        }
        denied.add(1, ordering: .relaxed)
        let reason: Denial.Reason = request == nil ? .malformed : request?.key == nil ? .noKey : entry == nil ? .unknownKey : .otherUse
        report(Denial(reason: reason, use: request?.use, address: request?.address ?? "", key: request?.key, name: entry?.name))
        return nil
    }
}
