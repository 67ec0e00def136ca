import Foundation

/// A key pair in a file, in the form of ZeroMQ's certificates (rfc.zeromq.org/spec/4, as pyzmq's `zmq.auth` and czmq write them):
/// lines `public-key = "…"` and `secret-key = "…"`. A file without a secret key is a certificate for others.
public enum CurveKeyFile {
    private static let maxBytes = 65_536

    /// The key pair of a file that nobody else can read.
    ///
    /// - Throws: `CurveError` naming the file; also when its group or others may read it, or it is somebody else's.
    public static func read(path: String) throws(CurveError) -> CurveKeyPair {
        let values = try values(of: path, isSecret: true)
        guard let secret = values.secretKey else {
            throw CurveError(file: path, "has no secret-key; a file of flawd keygen, or pyzmq's .key_secret, has one")
        }
        let pair: CurveKeyPair
        do { pair = try CurveKeyPair(secret: secret.text) } catch { throw CurveError(file: path, line: secret.line, "secret-key: \(error.problem)") }
        if let named = values.publicKey, named.text != pair.publicKey.text {
            throw CurveError(file: path, line: named.line, "public-key does not belong to the secret-key")
        }
        return pair
    }

    /// The public key of a certificate, or of a key pair's file.
    ///
    /// - Throws: `CurveError` naming the file.
    public static func publicKey(path: String) throws(CurveError) -> CurveKey {
        guard let found = try values(of: path, isSecret: false).publicKey else { throw CurveError(file: path, "has no line public-key = \"…\"") }
        do { return try CurveKey(found.text) } catch { throw CurveError(file: path, line: found.line, "public-key: \(error.problem)") }
    }

    /// A file's text. It is for its owner's eyes: mode 0600.
    public static func text(of pair: CurveKeyPair) -> String {
        """
        # flawd's secret CURVE key, in the form of a ZeroMQ certificate: whoever has this file is this machine.
        # Others are given the public key only.

        metadata
        curve
            public-key = "\(pair.publicKey)"
            secret-key = "\(pair.secret)"

        """
    }

    private typealias Value = (text: String, line: Int)

    private static func values(of path: String, isSecret: Bool) throws(CurveError) -> (publicKey: Value?, secretKey: Value?) {
        let text = try PrivateFile.read(path, maxBytes: maxBytes, isSecret: isSecret)
        var publicKey: Value?, secretKey: Value?
        for (index, line) in AllowedKeys.lines(of: text).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.hasPrefix("#"), let separator = line.firstIndex(of: "=") else { continue }
            let name = line[..<separator].trimmingCharacters(in: .whitespaces)
            let value = line[line.index(after: separator)...].trimmingCharacters(in: .whitespaces.union(["\"", "'"]))
            switch name {
            case "public-key" where publicKey == nil: publicKey = (value, index + 1)
            case "secret-key" where secretKey == nil: secretKey = (value, index + 1)
            case "public-key", "secret-key": throw CurveError(file: path, line: index + 1, "\(name) is given twice")
            default: break
            }
        }
        return (publicKey, secretKey)
    }
}
