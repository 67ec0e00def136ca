import CZeroMQ

/// A CURVE public key (rfc.zeromq.org/spec/26): 32 bytes, written as 40 characters of Z85.
public struct CurveKey: Hashable, Sendable, CustomStringConvertible {
    static let byteCount = 32

    /// Z85.
    public let text: String

    public var description: String { text }

    /// - Parameter text: Z85, as `flawd keygen` prints it.
    /// - Throws: `CurveError` saying what a key looks like.
    public init(_ text: String) throws(CurveError) {
        try Z85.check(text)
        self.text = text
    }

    /// nil: that is no key.
    init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount, let text = Z85.text(of: bytes) else { return nil }
        self.text = text
    }
}

/// The text form of keys (rfc.zeromq.org/spec/32): five characters for four bytes.
enum Z85 {
    /// Of a key.
    static let characterCount = 40

    private static let alphabet = Set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// - Throws: `CurveError` that does not repeat the text: it may be a secret.
    static func check(_ text: String) throws(CurveError) {
        let form = "a key is 40 characters of Z85, as flawd keygen prints it; in YAML and on a command line it stands in single quotes"
        guard text.utf8.count == characterCount else { throw CurveError("has \(text.utf8.count) characters; \(form)") }
        if let index = Array(text.utf8).firstIndex(where: { !alphabet.contains($0) }) {
            throw CurveError("its character \(index + 1) is none of Z85's; \(form)")
        }
        var bytes = [UInt8](repeating: 0, count: CurveKey.byteCount)
        guard zmq_z85_decode(&bytes, text) != nil else { throw CurveError("five of its characters say more than 32 bits have; \(form)") }
    }

    /// nil: not a multiple of four bytes.
    static func text(of bytes: UnsafeRawBufferPointer) -> String? {
        var characters = [CChar](repeating: 0, count: bytes.count / 4 * 5 + 1)
        guard let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), zmq_z85_encode(&characters, source, bytes.count) != nil else {
            return nil
        }
        return Self.text(characters)
    }

    static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
