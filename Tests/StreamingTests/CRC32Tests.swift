import Testing
@testable import Streaming

@Suite struct CRC32Tests {
    /// The check value of the catalogue of CRCs, and values of Python's zlib.crc32.
    @Test(arguments: [
        ("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43), ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
    ] as [(String, UInt32)])
    func checksum_IsThatOfZlib(text: String, crc: UInt32) {
        #expect(CRC32.of(Array(text.utf8)) == crc)
    }

    @Test func checksum_IsThatOfOneBitAtATime() {
        var generator = SeededGenerator(state: 1)
        for count in 0..<70 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var crc = ~UInt32(0)
            for byte in bytes {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
            }
            #expect(CRC32.of(bytes) == ~crc)
        }
    }
}
