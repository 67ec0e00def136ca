/// Uncompressed BMP pictures of 8, 24 or 32 bits, as industrial cameras and the BTAD data set write them.
///
/// Layout (Microsoft, "Bitmap Storage"): 14 bytes of file header with the pixels' offset at 10; an information header of
/// 40 bytes or more with its own length, width, height (negative: rows from the top), planes, bits and compression; a
/// palette of 4 bytes (B, G, R, –) an entry where there are 8 bits; rows from the bottom, each padded to 4 bytes.
/// A library for this much would be larger than the reader.
public enum BMPFile {
    private struct Header {
        var size: PixelSize
        var bits: Int
        var isTopDown: Bool
        var offset: Int
        /// Bytes a row, padding included.
        var stride: Int
        /// 256 × 3 bytes in RGB order; missing entries are black.
        var palette: [UInt8]
    }

    /// The size that the header states, checked against the limits and the length of the file.
    public static func size(of bytes: UnsafeRawBufferPointer, limits: ImageLimits = ImageLimits()) throws(ImagingError) -> PixelSize {
        try header(bytes, limits).size
    }

    /// Reads RGB into an image, which is given its size; a fourth byte a pixel is ignored.
    ///
    /// - Throws: ``ImagingError`` when the bytes are no such BMP, cut short, or a picture larger than `limits`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, limits: ImageLimits = ImageLimits(), into picture: RGBImage
    ) throws(ImagingError) {
        let header = try header(bytes, limits), size = header.size
        picture.resize(width: size.width, height: size.height)
        guard let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), let target = picture.bytes.baseAddress else { return }
        for y in 0..<size.height {
            let row = source + header.offset + (header.isTopDown ? y : size.height - 1 - y) * header.stride
            let line = target + y * size.width * 3
            if header.bits == 8 {
                for x in 0..<size.width {
                    for channel in 0..<3 { line[3 * x + channel] = header.palette[3 * Int(row[x]) + channel] }
                }
            } else {
                let step = header.bits / 8
                for x in 0..<size.width {
                    for channel in 0..<3 { line[3 * x + channel] = row[x * step + 2 - channel] }
                }
            }
        }
    }

    private static func header(_ bytes: UnsafeRawBufferPointer, _ limits: ImageLimits) throws(ImagingError) -> Header {
        func unsigned(_ offset: Int) -> Int { Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))) }
        func signed(_ offset: Int) -> Int { Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))) }
        func short(_ offset: Int) -> Int { Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))) }
        guard bytes.count >= 54 else { throw .bmp("it ends within its header") }
        guard bytes[0] == 0x42, bytes[1] == 0x4D else { throw .bmp("it does not begin with BM") }
        let length = unsigned(14), bits = short(28)
        guard length >= 40, length <= 1024 else { throw .bmp("an information header of \(length) bytes; 40 or a later version's is expected") }
        guard unsigned(30) == 0, bits == 8 || bits == 24 || bits == 32 else {
            throw .bmp("\(bits) bits, compression \(unsigned(30)); 8, 24 or 32 bits without compression are read")
        }
        let size = PixelSize(width: signed(18), height: abs(signed(22)))
        try limits.check(size)
        let offset = unsigned(10), stride = (size.width * bits / 8 + 3) / 4 * 4
        guard offset >= 14 + length, offset <= bytes.count, stride * size.height <= bytes.count - offset else {
            throw .bmp("\(bytes.count) bytes do not hold \(size) pixels of \(bits) bits from byte \(offset) on")
        }
        var palette = [UInt8](repeating: 0, count: 256 * 3)
        if bits == 8 {
            let start = 14 + length, stated = unsigned(46)
            let entries = min(256, stated == 0 ? 256 : stated, (offset - start) / 4)
            for entry in 0..<entries {
                for channel in 0..<3 { palette[3 * entry + channel] = bytes[start + 4 * entry + 2 - channel] }
            }
        }
        return Header(size: size, bits: bits, isTopDown: signed(22) < 0, offset: offset, stride: stride, palette: palette)
    }
}
