import Testing

@testable import Imaging

/// Takes a JPEG apart and puts it together wrong.
struct JPEGBytes {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A marker segment: from its FF to the byte after its last.
    struct Segment {
        var marker: UInt8
        var range: Range<Int>
    }

    /// The segments before each scan's data, in order; the data themselves belong to no segment.
    var segments: [Segment] {
        var found: [Segment] = []
        var offset = 2
        while offset + 4 <= bytes.count {
            guard bytes[offset] == 0xFF, bytes[offset + 1] >= 0xC0, !(0xD0...0xD9).contains(bytes[offset + 1]) else {
                offset += 1
                continue
            }
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let end = min(bytes.count, offset + 2 + length)
            found.append(Segment(marker: bytes[offset + 1], range: offset..<end))
            offset = end
        }
        return found
    }

    func first(_ markers: UInt8...) throws -> Segment {
        try #require(segments.first { markers.contains($0.marker) })
    }

    func removing(_ marker: UInt8) -> [UInt8] {
        var copy = bytes
        for segment in segments.reversed() where segment.marker == marker { copy.removeSubrange(segment.range) }
        return copy
    }

    /// The picture with another size in its frame header.
    func stating(width: Int, height: Int) throws -> [UInt8] {
        let frame = try first(0xC0, 0xC1, 0xC2).range.lowerBound
        var copy = bytes
        copy[frame + 5] = UInt8(height >> 8)
        copy[frame + 6] = UInt8(height & 255)
        copy[frame + 7] = UInt8(width >> 8)
        copy[frame + 8] = UInt8(width & 255)
        return copy
    }

    /// The picture with its last scan, tables included, `times` more times.
    func repeatingLastScan(_ times: Int) throws -> [UInt8] {
        let scan = try #require(segments.lastIndex { $0.marker == 0xDA })
        var start = segments[scan].range.lowerBound
        if scan > 0, segments[scan - 1].marker == 0xC4 { start = segments[scan - 1].range.lowerBound }
        let repeated = bytes[start..<(bytes.count - 2)]
        var copy = [UInt8](bytes[..<(bytes.count - 2)])
        for _ in 0..<times { copy += repeated }
        return copy + [0xFF, 0xD9]
    }
}

/// Numbers that are the same in every run (xorshift64*).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// Smooth colours with a little texture, so that JPEG keeps it closely and every row and column differs.
func testPicture(width: Int, height: Int) -> RGBImage {
    let image = RGBImage(width: width, height: height)
    let bytes = image.bytes
    for y in 0..<height {
        for x in 0..<width {
            let i = (y * width + x) * 3
            bytes[i] = UInt8(40 + 170 * x / width)
            bytes[i + 1] = UInt8(40 + 170 * y / height)
            bytes[i + 2] = UInt8(120 + (x / 8 + y / 8) % 2 * 12)
        }
    }
    return image
}

/// The error that `body` ends with.
func imagingError(_ body: () throws(ImagingError) -> Void) -> ImagingError? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
