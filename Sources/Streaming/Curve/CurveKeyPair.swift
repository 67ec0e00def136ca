import CZeroMQ

/// Who a machine is: a secret key and the public key that others know it by.
public struct CurveKeyPair: Hashable, Sendable, CustomStringConvertible {
    public let publicKey: CurveKey
    /// Z85.
    let secret: String

    /// Without the secret: it must not get into a log.
    public var description: String { "key pair of \(publicKey)" }

    /// A new one, from the system's random numbers. Its public key does not begin with a dash: on a command line it is no option.
    ///
    /// - Throws: `CurveError` where libzmq was built without CURVE.
    public init() throws(CurveError) {
        try Self.requireCurve()
        var publicText = [CChar](repeating: 0, count: Z85.characterCount + 1), secretText = publicText
        repeat {
            guard zmq_curve_keypair(&publicText, &secretText) == 0 else { throw CurveError("libzmq cannot make a key pair: \(String(cString: zmq_strerror(zmq_errno())))") }
        } while publicText[0] == CChar(bitPattern: UInt8(ascii: "-"))
        publicKey = try CurveKey(Z85.text(publicText))
        secret = Z85.text(secretText)
    }

    /// The pair that a secret key belongs to.
    ///
    /// - Throws: `CurveError` for what is no key.
    public init(secret: String) throws(CurveError) {
        try Self.requireCurve()
        try Z85.check(secret)
        var publicText = [CChar](repeating: 0, count: Z85.characterCount + 1)
        guard zmq_curve_public(&publicText, secret) == 0 else { throw CurveError("libzmq cannot use the secret key: \(String(cString: zmq_strerror(zmq_errno())))") }
        publicKey = try CurveKey(Z85.text(publicText))
        self.secret = secret
    }

    private static func requireCurve() throws(CurveError) {
        guard zmq_has("curve") == 1 else {
            throw CurveError("this machine's libzmq was built without CURVE (libsodium or tweetnacl), so connections cannot be secured; Debian's libzmq5 has it")
        }
    }
}
