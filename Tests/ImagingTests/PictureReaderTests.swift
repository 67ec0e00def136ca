import Foundation
import Testing

@testable import Imaging

/// Pictures of 2×2 pixels as Pillow writes them: red, green / blue, (10, 20, 30).
@Suite struct PictureReaderTests {
    private static let colours: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30]
    private static let rgb = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP4z8DA8J+BgYHhP5eIHAAaWAM6guCrUwAAAABJRU5ErkJggg=="
    private static let rgba = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAG0lEQVR4nGP4z8Dwn+E/w38GBob//7lE5P4DAEFxBzaCUqJAAAAAAElFTkSuQmCC"
    private static let palette =
        "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACAgMAAAAP2OW3AAAADFBMVEUA/wAKFB7/AAAAAP+8KrKhAAAADElEQVR4nGNoYLgAAAJUAVFhJlHhAAAAAElFTkSuQmCC"
    /// Gray levels 0, 10 · 256, 128 · 256, 65535 of 16 bits.
    private static let deep = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACEAAAAAAHTY67AAAAEklEQVR4nGNgYOBiYGhg+P8fAAVNAon0vjfiAAAAAElFTkSuQmCC"
    private static let bmp = "Qk1GAAAAAAAAADYAAAAoAAAAAgAAAAIAAAABABgAAAAAABAAAADEDgAAxA4AAAAAAAAAAAAA/wAAHhQKAAAAAP8A/wAAAA=="

    private func bytes(_ text: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: text))) }

    private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        try Data(bytes).write(to: place)
        return try body(place.path)
    }

    @Test(arguments: [rgb, rgba, palette, bmp])
    func picture_OfAnyKindBecomesRGB(_ text: String) throws {
        let image = RGBImage(width: 9, height: 9)
        try withFile(bytes(text)) { path in
            let reader = PictureReader()
            #expect(try reader.size(path: path) == PixelSize(width: 2, height: 2))
            try reader.read(path: path, into: image)
        }
        #expect(image.size == PixelSize(width: 2, height: 2) && Array(image.bytes) == Self.colours)
    }

    @Test func gray_OfSixteenBitsIsShortened() throws {
        let gray = try withFile(bytes(Self.deep)) { try PictureReader().readGray(path: $0) }
        #expect(gray.pixels == [0, 10, 128, 255])
    }

    @Test func gray_OfColoursIsTheirMean() throws {
        #expect(try withFile(bytes(Self.bmp)) { try PictureReader().readGray(path: $0) }.pixels == [85, 85, 85, 20])
    }

    @Test func bmp_OfGrayLevelsAndRowsFromTheTop() throws {
        var file = try bytes(Self.bmp)
        // Height −2: the first row of the file is the picture's.
        file.replaceSubrange(22..<26, with: [0xFE, 0xFF, 0xFF, 0xFF])
        let image = RGBImage()
        try withFile(file) { try PictureReader().read(path: $0, into: image) }
        #expect(Array(image.bytes) == Array(Self.colours[6...] + Self.colours[..<6]))

        var gray: [UInt8] = [0x42, 0x4D] + [UInt8](repeating: 0, count: 52)
        (gray[14], gray[18], gray[22], gray[26], gray[28], gray[46]) = (40, 3, 1, 1, 8, 2)
        gray[10] = 62
        gray += [1, 2, 3, 0, 40, 50, 60, 0] + [1, 0, 7, 0]
        try withFile(gray) { try PictureReader().read(path: $0, into: image) }
        // The palette's second entry, its first, and one that it does not have.
        #expect(Array(image.bytes) == [60, 50, 40, 3, 2, 1, 0, 0, 0])
    }

    @Test(arguments: [rgb, rgba, palette, deep, bmp])
    func picture_CutAnywhereIsAnError(_ text: String) throws {
        let whole = try bytes(text), reader = PictureReader()
        // A PNG without its last chunk, which holds nothing, is whole; libpng does not ask for it.
        for length in 0..<(whole.count - 16) {
            _ = try withFile(Array(whole.prefix(length))) { path in
                #expect(throws: ImagingError.self, "\(length) bytes") { try reader.read(path: path, into: RGBImage()) }
            }
        }
    }

    @Test func bmp_HeadersThatLieAreErrors() throws {
        for (offset, value) in [(10, [UInt8(255), 255, 255, 127]), (18, [255, 255, 255, 127]), (22, [0, 0, 0, 128]), (28, [16, 0]), (30, [1, 0, 0, 0]), (14, [12, 0, 0, 0]), (18, [0, 0, 0, 0])] {
            var file = try bytes(Self.bmp)
            file.replaceSubrange(offset..<(offset + value.count), with: value)
            #expect(throws: ImagingError.self, "byte \(offset)") {
                try withFile(file) { try PictureReader().read(path: $0, into: RGBImage()) }
            }
        }
    }

    @Test func file_OfAnotherKindIsNamed() throws {
        let error = #expect(throws: ImagingError.self) {
            try withFile(Array("GIF89a…".utf8)) { try PictureReader().read(path: $0, into: RGBImage()) }
        }
        #expect(error?.description.contains("GIF") == true)
        #expect(throws: ImagingError.self) { try PictureReader().size(path: "/nowhere/at.all") }
        #expect(throws: ImagingError.self) { try PictureReader().size(path: FileManager.default.temporaryDirectory.path) }
    }
}
