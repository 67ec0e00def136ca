import Testing

@testable import Imaging

/// Whole pictures, written and read.
struct JPEGTests {
    private func largestDifference(_ a: RGBImage, _ b: RGBImage) -> Int {
        zip(a.bytes, b.bytes).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
    }

    @Test(arguments: [JPEGEncoder.Chroma.full, .halved])
    func colourPicture_ComesBackClose(chroma: JPEGEncoder.Chroma) throws {
        let picture = testPicture(width: 61, height: 47)
        let bytes = try JPEGEncoder(quality: 98, chroma: chroma).encode(picture)
        let decoded = RGBImage()
        try JPEGDecoder().decode(bytes, expecting: PixelSize(width: 61, height: 47), into: decoded)
        #expect(decoded.size == picture.size)
        // Quality 98 rounds coefficients by at most a few levels; a wrong channel or row order is off by 100.
        #expect(largestDifference(decoded, picture) <= (chroma == .full ? 6 : 14))
    }

    @Test func grayPicture_BecomesEqualChannels() throws {
        let size = PixelSize(width: 19, height: 33)
        let gray = (0..<size.area).map { (place: Int) -> UInt8 in
            let (row, column) = place.quotientAndRemainder(dividingBy: size.width)
            return UInt8(30 + column * 5 + row * 3)
        }
        let bytes = try JPEGEncoder(quality: 100).encode(gray: gray, size: size)
        let decoded = RGBImage()
        try JPEGDecoder().decode(bytes, into: decoded)
        #expect(decoded.size == size)
        for (index, value) in gray.enumerated() {
            let rgb = decoded.bytes[(index * 3)..<(index * 3 + 3)]
            let difference = abs(Int(decoded.bytes[index * 3]) - Int(value))
            #expect(Set(rgb).count == 1 && difference <= 3)
        }
    }

    @Test func encoder_ServesLargeAndSmallPicturesInTurn() throws {
        let encoder = JPEGEncoder(quality: 95), decoder = JPEGDecoder(), decoded = RGBImage()
        var numbers = SeededNumbers(seed: 1)
        var output: [UInt8] = []
        for side in [8, 900, 1, 300, 900] {
            let picture = RGBImage(width: side, height: side)
            // Noise, so that the large pictures outgrow the first buffer several times.
            for i in picture.bytes.indices { picture.bytes[i] = UInt8.random(in: 0...255, using: &numbers) }
            try encoder.encode(picture, into: &output)
            #expect(try output == encoder.encode(picture))
            try decoder.decode(output, into: decoded)
            #expect(decoded.size == picture.size)
        }
        #expect(output.count > 500_000)
    }

    @Test func encoder_Refuses_WhatJPEGCannotHold() throws {
        let encoder = JPEGEncoder()
        #expect(throws: ImagingError.self) { try encoder.encode(RGBImage(width: 0, height: 4)) }
        #expect(throws: ImagingError.self) {
            try encoder.encode(gray: [UInt8](repeating: 0, count: 65501), size: PixelSize(width: 65501, height: 1))
        }
        #expect(throws: ImagingError.self) { try encoder.encode(gray: [1, 2, 3], size: PixelSize(width: 2, height: 2)) }
        #expect(try encoder.encode(testPicture(width: 8, height: 8)).starts(with: [0xFF, 0xD8]))
    }

    @Test func quality_ChangesTheSize() throws {
        let picture = testPicture(width: 200, height: 200)
        #expect(try JPEGEncoder(quality: 20).encode(picture).count < JPEGEncoder(quality: 95).encode(picture).count)
        #expect(JPEGEncoder(quality: -3).quality == 1)
        #expect(JPEGEncoder(quality: 300).quality == 100)
    }

    @Test(arguments: [
        (Fixture.grayProgressive, PixelSize(width: 16, height: 16)),
        (Fixture.separateScans, PixelSize(width: 16, height: 16)),
        (Fixture.progressive, PixelSize(width: 24, height: 17)),
        (Fixture.plainRGB, PixelSize(width: 16, height: 16)),
        (Fixture.restarts, PixelSize(width: 33, height: 21)),
    ])
    func otherKinds_AreRead(bytes: [UInt8], size: PixelSize) throws {
        let decoder = JPEGDecoder(), image = RGBImage()
        #expect(try decoder.size(of: bytes) == size)
        try decoder.decode(bytes, expecting: size, into: image)
        #expect(image.size == size)
        #expect(Set(image.bytes).count > 16)
    }

    @Test func exif64KiB_IsSkipped() throws {
        let plain = try JPEGEncoder().encode(testPicture(width: 40, height: 30))
        var exif: [UInt8] = [0xFF, 0xE1, 0xFF, 0xFF]
        exif += "Exif\0\0".utf8
        exif += (0..<65527).map { UInt8($0 & 255) }
        let image = RGBImage(), reference = RGBImage(), decoder = JPEGDecoder()
        try decoder.decode([UInt8](plain[..<2]) + exif + plain[2...], into: image)
        try decoder.decode(plain, into: reference)
        #expect(image.bytes.elementsEqual(reference.bytes))
    }

    @Test func zeroPadding_IsAccepted_UpToABlock() throws {
        let plain = try JPEGEncoder().encode(testPicture(width: 40, height: 30))
        let decoder = JPEGDecoder(), image = RGBImage()
        for count in [1, 3, 511, 4096] { try decoder.decode(plain + [UInt8](repeating: 0, count: count), into: image) }
        #expect(throws: ImagingError.trailingData("4097 bytes follow the end of the picture")) {
            try decoder.decode(plain + [UInt8](repeating: 0, count: 4097), into: image)
        }
    }

    @Test func image_KeepsItsStorage_WhenPicturesShrink() throws {
        let decoder = JPEGDecoder(), image = RGBImage(), encoder = JPEGEncoder()
        let large = try encoder.encode(testPicture(width: 64, height: 64))
        let small = try encoder.encode(testPicture(width: 16, height: 16))
        try decoder.decode(large, into: image)
        let address = image.bytes.baseAddress
        try decoder.decode(small, into: image)
        try decoder.decode(large, into: image)
        #expect(image.bytes.baseAddress == address)
    }
}
