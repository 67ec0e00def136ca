/// CRC-32/ISO-HDLC, the one of zlib, PNG and Ethernet: polynomial 0x04C11DB7 reflected, all ones in and out.
///
/// Eight bytes a step ("slicing-by-8", Kounavis and Berry, IEEE ISCC 2005): table k gives the remainder of a byte that
/// k zero bytes follow, so that the eight look-ups of a step do not wait for each other.
enum CRC32 {
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
            }
            tables[byte] = remainder
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
        }
        return tables
    }()

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { table in
            var crc: UInt32 = 0xFFFF_FFFF
            let whole = bytes.count & ~7
            var offset = 0
            while offset < whole {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let mixed = word ^ UInt64(crc)
                crc = 0
                for position in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> UInt64(8 * position) & 0xFF)
                    crc ^= table[(7 - position) * 256 + byte]
                }
                offset += 8
            }
            for byte in bytes[whole...] {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(byte)) & 0xFF)]
            }
            return ~crc
        }
    }
}
