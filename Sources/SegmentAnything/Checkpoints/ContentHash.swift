import Crypto

/// SHA-256 as lower-case hexadecimal: the name of a checkpoint, a region file or a frame in an event.
public enum ContentHash {
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        return hexadecimal(hasher.finalize())
    }

    /// Of a mapped file, whose pages need not all be in memory at once.
    static func sha256(_ file: MappedFile) -> String {
        let piece = 16 << 20, count = file.bytes.count
        var hasher = SHA256()
        for start in stride(from: 0, to: count, by: piece) {
            let range = start..<min(count, start + piece)
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: file.bytes[range]))
            file.release(range)
        }
        return hexadecimal(hasher.finalize())
    }

    private static func hexadecimal(_ digest: SHA256Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
