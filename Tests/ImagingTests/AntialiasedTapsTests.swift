import Testing
@testable import Imaging

/// Checksums are of Pillow 12's (9.5 and 11 give the same) `Image.resize((width, height), Image.BILINEAR)` of the same pattern.
struct AntialiasedTapsTests {
    /// Triangle waves that differ in every channel; integers only, so that any language draws the same.
    static func pattern(_ size: PixelSize) -> [UInt8] {
        func wave(_ value: Int) -> UInt8 { UInt8(abs(value % 510 - 255)) }
        var pixels: [UInt8] = []
        for y in 0..<size.height {
            for x in 0..<size.width {
                var pixel = [wave(3 * x + y), wave(2 * y + x * x / 64), wave(x * y / 32)]
                func disc(_ cx: Int, _ cy: Int, _ r: Int) -> Bool { (x - cx) * (x - cx) + (y - cy) * (y - cy) < r * r }
                if disc(size.width / 3, size.height / 2, size.height / 4) { pixel = [250, 240, 20] }
                if disc(3 * size.width / 4, size.height / 3, size.height / 6) { pixel = [10, 30, 200] }
                pixels += pixel
            }
        }
        return pixels
    }

    /// FNV-1a of 64 bits.
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Rows first, then columns; an axis that keeps its length is left alone.
    static func resize(_ pixels: [UInt8], from source: PixelSize, to target: PixelSize) -> [UInt8] {
        var wide = pixels
        if source.width != target.width {
            let taps = AntialiasedTaps(source: source.width, target: target.width)
            wide = [UInt8](repeating: 0, count: target.width * 3 * source.height)
            for y in 0..<source.height {
                pixels.withUnsafeBufferPointer { from in
                    wide.withUnsafeMutableBufferPointer { to in
                        taps.resizeRow(from.baseAddress! + y * source.width * 3, into: to.baseAddress! + y * target.width * 3)
                    }
                }
            }
        }
        guard source.height != target.height else { return wide }
        let taps = AntialiasedTaps(source: source.height, target: target.height), line = target.width * 3
        var result = [UInt8](repeating: 0, count: line * target.height)
        for y in 0..<target.height {
            wide.withUnsafeBufferPointer { from in
                result.withUnsafeMutableBufferPointer { to in
                    taps.resizeColumns(
                        y, of: from.baseAddress! + taps.sources(of: y..<y + 1).lowerBound * line, count: line,
                        into: to.baseAddress! + y * line)
                }
            }
        }
        return result
    }

    @Test(arguments: [
        (7, 5, 20, 13, 0x67dd_7bd2_45da_1f43), (64, 48, 31, 48, 0x1784_469b_e313_d580),
        (64, 48, 64, 17, 0x12ee_888e_0376_2641), (300, 190, 256, 162, 0x8876_db95_8e29_1d59),
        (33, 100, 11, 33, 0xc97d_615c_3d3c_1a3e), (90, 200, 115, 256, 0xffa3_14e2_3046_aa06),
        (1, 1, 4, 4, 0x2b9c_2313_be7f_f4b5), (5, 1, 256, 51, 0x23e6_1b0c_6903_0b35),
        (1000, 3, 16, 1, 0x659b_f3c1_aa5c_c2dc), (1023, 37, 1024, 37, 0xf85e_2f71_6921_3f66),
    ] as [(Int, Int, Int, Int, UInt64)])
    func resize_IsPillowsToTheBit(_ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int, _ expected: UInt64) {
        let source = PixelSize(width: width, height: height), target = PixelSize(width: toWidth, height: toHeight)
        let result = Self.resize(Self.pattern(source), from: source, to: target)
        #expect(result.count == target.area * 3)
        #expect(Self.checksum(result) == expected)
    }

    @Test(arguments: [(1, 1), (3, 1000), (1000, 3), (16384, 7), (640, 1024)])
    func taps_StayInside_AndMoveForward(_ source: Int, _ target: Int) {
        let taps = AntialiasedTaps(source: source, target: target)
        var last = 0..<0
        for pixel in 0..<target {
            let range = taps.sources(of: pixel..<pixel + 1)
            #expect(range.lowerBound >= last.lowerBound && range.upperBound >= last.upperBound && range.upperBound <= source)
            #expect(!range.isEmpty)
            last = range
        }
        #expect(taps.sources(of: 0..<target) == 0..<last.upperBound)
    }
}
