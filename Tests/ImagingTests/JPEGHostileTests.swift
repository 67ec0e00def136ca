import Testing

@testable import Imaging

/// Payloads that must end as an error, without a crash, a leak or an allocation; the decoder then goes on as before.
struct JPEGHostileTests {
    private let good: [UInt8]
    private let decoder = JPEGDecoder()
    private let image = RGBImage()
    private let size = PixelSize(width: 120, height: 90)

    init() throws {
        good = try JPEGEncoder(quality: 90).encode(testPicture(width: 120, height: 90))
    }

    /// The error of a payload, after which a good picture must decode to the same pixels as ever.
    private func error(
        _ bytes: [UInt8], expecting: PixelSize? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> ImagingError? {
        let result = imagingError { () throws(ImagingError) in
            try decoder.decode(bytes, expecting: expecting, into: image)
        }
        let reference = RGBImage()
        try JPEGDecoder().decode(good, into: reference)
        try decoder.decode(good, expecting: size, into: image)
        #expect(image.bytes.elementsEqual(reference.bytes), sourceLocation: sourceLocation)
        return result
    }

    private func isCorrupt(_ error: ImagingError?) -> Bool {
        if case .corrupt = error { return true }
        return false
    }

    private func isUnsupported(_ error: ImagingError?) -> Bool {
        if case .unsupported = error { return true }
        return false
    }

    @Test func empty() throws {
        #expect(try error([]) == .empty)
    }

    @Test func startMarkerOnly() throws {
        #expect(try isCorrupt(error([0xFF, 0xD8])))
        #expect(try error([0xFF]) == .notJPEG(looksLike: nil))
        #expect(try isCorrupt(error([0xFF, 0xD8, 0xFF, 0xD9])))
    }

    @Test(arguments: [10, 50, 90, 99])
    func cut(percent: Int) throws {
        let error = try error(Array(good.prefix(good.count * percent / 100)))
        #expect(isCorrupt(error))
    }

    @Test func everyCut_IsAnError() throws {
        for bytes in [Fixture.progressive, Fixture.separateScans, Fixture.restarts] {
            for count in 2..<bytes.count {
                let result = imagingError { () throws(ImagingError) in
                    try decoder.decode(Array(bytes.prefix(count)), into: image)
                }
                #expect(isCorrupt(result), "\(count) of \(bytes.count) bytes")
            }
        }
    }

    @Test func missingEndMarker() throws {
        #expect(try isCorrupt(error([UInt8](good[..<(good.count - 2)]))))
    }

    @Test func bitFlips_GiveAnErrorOrAPictureOfItsSize() throws {
        var numbers = SeededNumbers(seed: 7)
        var (failed, decoded) = (0, 0)
        let limited = JPEGDecoder(limits: ImageLimits(maxWidth: 500, maxHeight: 500))
        for bytes in [good, Fixture.progressive, Fixture.separateScans, Fixture.grayProgressive, Fixture.restarts] {
            for _ in 0..<1500 {
                var copy = bytes
                for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                    copy[Int.random(in: 0..<copy.count, using: &numbers)] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
                }
                let stated = try? limited.size(of: copy)
                let result = imagingError { () throws(ImagingError) in try limited.decode(copy, into: image) }
                if result == nil {
                    #expect(image.size == stated)
                    decoded += 1
                } else {
                    failed += 1
                }
            }
        }
        #expect(failed > 500 && decoded > 500)
        try limited.decode(good, expecting: size, into: image)
    }

    @Test func randomBytes_AfterTheStartMarker() throws {
        var numbers = SeededNumbers(seed: 3)
        for length in 0..<300 {
            let noise = (0..<length).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            let result = imagingError { () throws(ImagingError) in try decoder.decode([0xFF, 0xD8] + noise, into: image) }
            #expect(result != nil)
        }
    }

    @Test func otherSizeThanTheFrameHeaderSays() throws {
        image.resize(width: 1, height: 1)
        let before = image.bytes.baseAddress
        let expected = PixelSize(width: 90, height: 120)
        let result = imagingError { () throws(ImagingError) in
            try JPEGDecoder().decode(good, expecting: expected, into: image)
        }
        #expect(result == .sizeMismatch(size, expected: expected))
        #expect(image.size == PixelSize(width: 1, height: 1) && image.bytes.baseAddress == before)
    }

    @Test(arguments: [(65500, 65500), (16385, 1), (1, 16385), (16384, 16384), (65535, 65535), (65500, 1)])
    func headerBomb_AllocatesNothing(width: Int, height: Int) throws {
        let bomb = try JPEGBytes(good).stating(width: width, height: height)
        let target = RGBImage(width: 2, height: 2)
        let before = target.bytes.baseAddress
        let result = imagingError { () throws(ImagingError) in try decoder.decode(bomb, into: target) }
        if width > 65500 {
            #expect(isCorrupt(result))
        } else {
            #expect(result == .tooLarge(PixelSize(width: width, height: height), limits: ImageLimits()))
        }
        #expect(target.size == PixelSize(width: 2, height: 2) && target.bytes.baseAddress == before)
        #expect(try error(bomb) == result)
    }

    @Test(arguments: [(0, 90), (120, 0), (0, 0)])
    func noPixels(width: Int, height: Int) throws {
        #expect(try isCorrupt(error(JPEGBytes(good).stating(width: width, height: height))))
    }

    @Test func statedSizeWithoutTheData() throws {
        #expect(try isCorrupt(error(JPEGBytes(good).stating(width: 120, height: 900))))
    }

    @Test func scans_AreCounted() throws {
        for fixture in [Fixture.grayProgressive, Fixture.separateScans] {
            let scans = JPEGBytes(fixture).segments.filter { $0.marker == 0xDA }.count
            // The same picture with exactly the limit of scans, which shows that it is the count that is refused.
            #expect(try error(JPEGBytes(fixture).repeatingLastScan(500 - scans)) == nil)
            #expect(try error(JPEGBytes(fixture).repeatingLastScan(501 - scans)) == .tooManyScans(limit: 500))
            #expect(try error(JPEGBytes(fixture).repeatingLastScan(3000)) == .tooManyScans(limit: 500))
        }
    }

    @Test func largePictures_AreAllowedFewerScans() {
        let limits = ImageLimits()
        #expect(limits.scans(for: PixelSize(width: 640, height: 480)) == 500)
        #expect(limits.scans(for: PixelSize(width: 10000, height: 5000)) == 32)
        #expect(ImageLimits(maxPixels: .max).scans(for: PixelSize(width: 1, height: 1)) == 500)
    }

    @Test func unfinishedScans() throws {
        #expect(try isCorrupt(error(Fixture.grayIncomplete)))
        // Without its last scan a component is missing altogether, and libjpeg says nothing.
        for fixture in [Fixture.separateScans, Fixture.progressive, Fixture.grayProgressive] {
            let last = try #require(JPEGBytes(fixture).segments.last { $0.marker == 0xDA })
            let result = try error([UInt8](fixture[..<last.range.lowerBound]) + [0xFF, 0xD9])
            guard case .corrupt(let message) = result else {
                Issue.record("\(String(describing: result))")
                continue
            }
            #expect(message.contains("incomplete"))
        }
    }

    @Test func otherColours() throws {
        #expect(try error(Fixture.cmyk) == .unsupported("CMYK colour"))
        #expect(try error(Fixture.ycck) == .unsupported("YCCK colour"))
        #expect(try error(Fixture.twoComponents) == .unsupported("2 components"))
    }

    @Test func otherCodings() throws {
        #expect(try error(Fixture.arithmetic) == .unsupported("arithmetic coding"))
        let frame = try JPEGBytes(good).first(0xC0).range.lowerBound
        var twelveBits = good
        twelveBits[frame + 4] = 12
        #expect(try isUnsupported(error(twelveBits)))
        // Lossless, differential and lossless arithmetic frames.
        for marker: UInt8 in [0xC3, 0xC5, 0xCB] {
            var other = good
            other[frame + 1] = marker
            #expect(try isUnsupported(error(other)))
        }
    }

    @Test func missingTables_AreNotTakenFromThePictureBefore() throws {
        try decoder.decode(good, into: image)
        #expect(try isCorrupt(error(JPEGBytes(good).removing(0xDB))))
        #expect(try error(JPEGBytes(good).removing(0xC4)) == .corrupt("Huffman table 0x00 was not defined"))
        for fixture in [Fixture.progressive, Fixture.separateScans, Fixture.grayProgressive] {
            #expect(try isCorrupt(error(JPEGBytes(fixture).removing(0xC4))))
            #expect(try isCorrupt(error(JPEGBytes(fixture).removing(0xDB))))
        }
        // A later scan's own tables, which libjpeg would replace with the standard's.
        let scans = JPEGBytes(Fixture.separateScans)
        let second = scans.segments.filter { $0.marker == 0xDA }[1].range.lowerBound
        var copy = scans.bytes
        // Component 2 asks for tables 1, which libjpeg knows and this file does not define.
        copy[second + 6] = 0x11
        let undefined = JPEGBytes(copy).segments.filter { $0.marker == 0xC4 && copy[$0.range.lowerBound + 4] & 15 == 1 }
        for table in undefined.reversed() { copy.removeSubrange(table.range) }
        #expect(try isCorrupt(error(copy)))
    }

    @Test func twoPictures() throws {
        let two = try error(good + good)
        #expect(two == .trailingData("\(good.count) bytes follow the end of the picture (a second picture)"))
        guard case .trailingData = try error(good + [0, 0] + good) else {
            Issue.record("a second picture after padding was not seen")
            return
        }
        #expect(try error(good + [7]) == .trailingData("1 bytes follow the end of the picture"))
        // Inside the first one.
        #expect(try isCorrupt(error([UInt8](good[..<2]) + good)))
    }

    @Test(arguments: [
        ([0x89] + Array("PNG\r\n".utf8), "PNG"),
        (Array("<!DOCTYPE html><html>401</html>".utf8), "an HTML page"),
        (Array("\r\n  <HTML><head></head></HTML>".utf8), "an HTML page"),
        (Array("GIF89a".utf8), "GIF"),
        (Array("RIFF\0\0\0\0WEBPVP8 ".utf8), "WebP"),
        (Array("{\"error\": 401}".utf8), "JSON"),
        (Array("BM\0\0\0\0".utf8), "BMP"),
        ([0x49, 0x49, 0x2A, 0, 8], "TIFF"),
    ])
    func disguised(bytes: [UInt8], name: String) throws {
        #expect(try error(bytes) == .notJPEG(looksLike: name))
        #expect(ImagingError.notJPEG(looksLike: name).description == "the payload looks like \(name); flawd reads JPEG")
    }

    @Test func limits_AreTheCallers() throws {
        let small = JPEGDecoder(limits: ImageLimits(maxWidth: 119))
        #expect(throws: ImagingError.self) { try small.decode(good, into: image) }
        let few = JPEGDecoder(limits: ImageLimits(maxPixels: 120 * 90 - 1))
        #expect(throws: ImagingError.self) { try few.decode(good, into: image) }
        try JPEGDecoder(limits: ImageLimits(maxWidth: 120, maxHeight: 90, maxPixels: 120 * 90)).decode(good, into: image)
    }
}
