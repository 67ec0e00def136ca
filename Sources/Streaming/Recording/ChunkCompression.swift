import CLZ4
import CZstd

/// How a chunk's records are packed. JPEG frames gain nothing by it; raw ones do.
public enum ChunkCompression: String, Sendable, CaseIterable {
    case none
    /// LZ4 frames: fast.
    case lz4
    /// Zstandard at its fastest level: smaller.
    case zstd

    /// The name in a file.
    var mark: String { self == .none ? "" : rawValue }

    init?(mark: String) {
        guard let kind = mark.isEmpty ? Self.none : Self(rawValue: mark), mark != "none" else { return nil }
        self = kind
    }

    /// Packs `bytes` into the front of `packed`, which grows where it must, and answers how many bytes that took. nil: they would not
    /// get smaller, or the library refused; they are stored as they are.
    func pack(_ bytes: [UInt8], into packed: inout [UInt8]) -> Int? {
        guard self != .none else { return nil }
        let bound = self == .lz4 ? LZ4F_compressFrameBound(bytes.count, nil) : ZSTD_compressBound(bytes.count)
        if packed.count < bound { packed = [UInt8](repeating: 0, count: bound) }
        let count = packed.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                switch self {
                case .zstd: ZSTD_compress(target.baseAddress, target.count, source.baseAddress, source.count, 1)
                default: LZ4F_compressFrame(target.baseAddress, target.count, source.baseAddress, source.count, nil)
                }
            }
        }
        let failed = self == .lz4 ? LZ4F_isError(count) : ZSTD_isError(count)
        return failed == 0 && count < bytes.count ? count : nil
    }

    /// Unpacks into `bytes`, whose size must be what comes out.
    ///
    /// - Returns: what is wrong, nil when nothing is.
    func unpack(_ packed: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer) -> String? {
        switch self {
        case .none:
            guard packed.count == bytes.count else { return "\(packed.count) bytes of records, the chunk says \(bytes.count)" }
            bytes.copyMemory(from: packed)
            return nil
        case .zstd:
            let count = ZSTD_decompress(bytes.baseAddress, bytes.count, packed.baseAddress, packed.count)
            if ZSTD_isError(count) != 0 { return "zstd: \(String(cString: ZSTD_getErrorName(count)))" }
            return count == bytes.count ? nil : "\(count) bytes came out, the chunk says \(bytes.count)"
        case .lz4:
            return Self.unpackLZ4(packed, into: bytes)
        }
    }

    private static func unpackLZ4(_ packed: UnsafeRawBufferPointer, into bytes: UnsafeMutableRawBufferPointer) -> String? {
        var context: OpaquePointer?
        guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0, let context else {
            return "lz4: no memory"
        }
        defer { LZ4F_freeDecompressionContext(context) }
        var read = 0, written = 0
        while true {
            var taken = packed.count - read, given = bytes.count - written
            let hint = LZ4F_decompress(
                context, bytes.baseAddress.map { $0 + written }, &given, packed.baseAddress.map { $0 + read }, &taken, nil)
            if LZ4F_isError(hint) != 0 { return "lz4: \(String(cString: LZ4F_getErrorName(hint)))" }
            read += taken
            written += given
            if hint == 0 { break }
            guard taken > 0 || given > 0 else { return "lz4: the frame is cut, or larger than the chunk says" }
        }
        return written == bytes.count ? nil : "\(written) bytes came out, the chunk says \(bytes.count)"
    }
}
