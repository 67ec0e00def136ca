import Testing

@testable import Imaging

struct CanvasTests {
    private let red = RGBColor(200, 10, 20)

    /// The picture as rows of '#' where a pixel is not black.
    private func rows(_ image: RGBImage) -> [String] {
        (0..<image.height).map { y in
            String((0..<image.width).map { x in
                let i = (y * image.width + x) * 3
                return image.bytes[i] == 0 && image.bytes[i + 1] == 0 && image.bytes[i + 2] == 0 ? "." : "#"
            })
        }
    }

    private func drawn(width: Int, height: Int, _ body: (Canvas) -> Void) -> [String] {
        let image = RGBImage(width: width, height: height)
        body(Canvas(image))
        return rows(image)
    }

    @Test func rectangleOutline() {
        #expect(
            drawn(width: 6, height: 5) { $0.outline(PixelRect(x: 1, y: 1, width: 4, height: 3), red) } == [
                "......", ".####.", ".#..#.", ".####.", "......",
            ])
        #expect(
            drawn(width: 6, height: 5) {
                $0.outline(PixelRect(x: -3, y: -2, width: 7, height: 6), red, thickness: 2)
            } == ["..##..", "..##..", "####..", "####..", "......"])
    }

    @Test func lines_IncludeBothEnds() {
        let slope = drawn(width: 5, height: 3) {
            $0.line(from: PixelPoint(x: 0, y: 0), to: PixelPoint(x: 4, y: 2), red)
        }
        #expect(slope.map { $0.filter { $0 == "#" }.count }.reduce(0, +) == 5)
        #expect(slope[0].hasPrefix("#") && slope[1].contains("#") && slope[2].hasSuffix("#"))
        #expect(
            drawn(width: 4, height: 4) {
                $0.polygon([(0, 0), (3, 0), (3, 3), (0, 3)].map { PixelPoint(x: $0.0, y: $0.1) }, red)
            } == ["####", "#..#", "#..#", "####"])
    }

    @Test func lineAcrossThePicture_FromFarOutside() {
        let far = 1_000_000_000_000
        #expect(
            drawn(width: 5, height: 5) {
                $0.line(from: PixelPoint(x: -far, y: -far), to: PixelPoint(x: far, y: far), red)
            } == ["#....", ".#...", "..#..", "...#.", "....#"])
        #expect(
            drawn(width: 5, height: 3) {
                $0.line(from: PixelPoint(x: .min, y: 1), to: PixelPoint(x: .max, y: 1), red)
            } == [".....", "#####", "....."])
    }

    @Test func tint_MixesInsideTheMaskOnly() {
        let image = RGBImage(width: 3, height: 1)
        for i in image.bytes.indices { image.bytes[i] = 100 }
        Canvas(image).tint(BinaryMask(rows: ["01"]), atX: 1, y: 0, RGBColor(200, 0, 100), opacity: 0.5)
        #expect(Array(image.bytes) == [100, 100, 100, 100, 100, 100, 150, 50, 100])
        Canvas(image).tint(BinaryMask(rows: ["1"]), RGBColor(1, 2, 3), opacity: 1)
        #expect(Array(image.bytes[0..<3]) == [1, 2, 3])
        Canvas(image).tint(BinaryMask(rows: ["1"]), RGBColor(9, 9, 9), opacity: .nan)
        #expect(Array(image.bytes[0..<3]) == [1, 2, 3])
    }

    @Test func maskOutline() {
        let mask = BinaryMask(width: 7, height: 7)
        var full = mask
        for i in full.pixels.indices { full.pixels[i] = 1 }
        #expect(
            drawn(width: 7, height: 7) { $0.outline(full, red) } == [
                "#######", "#.....#", "#.....#", "#.....#", "#.....#", "#.....#", "#######",
            ])
        #expect(
            drawn(width: 7, height: 7) { $0.outline(full, red, thickness: 2) } == [
                "#######", "#######", "##...##", "##...##", "##...##", "#######", "#######",
            ])
        #expect(drawn(width: 7, height: 7) { $0.outline(mask, red) }.allSatisfy { $0 == "......." })
    }

    @Test func contourOutline_GoesRoundTheMask() {
        var labeller = ComponentLabeller()
        var tracer = ContourTracer()
        let components = labeller.label(BinaryMask(rows: [".....", ".##..", ".##..", "....."]))
        let contours = components.flatMap { tracer.contours(of: $0, in: labeller) }
        #expect(
            drawn(width: 5, height: 4) { canvas in contours.forEach { canvas.outline($0, red) } } == [
                ".....", ".###.", ".#.#.", ".###.",
            ])
    }

    @Test func text_IsWrittenInDots() {
        #expect(Canvas.textSize("Hi") == PixelSize(width: 11, height: 7))
        #expect(Canvas.textSize("", scale: 3).width == 0)
        #expect(
            drawn(width: 13, height: 9) { $0.text("F!", x: 1, y: 1, red) } == [
                ".............",
                ".#####...#...",
                ".#.......#...",
                ".#.......#...",
                ".####....#...",
                ".#.......#...",
                ".#...........",
                ".#.......#...",
                ".............",
            ])
        #expect(
            drawn(width: 10, height: 14) { $0.text("I", x: 0, y: 0, red, scale: 2) }.prefix(3) == [
                "..######..", "..######..", "....##....",
            ])
    }

    @Test func everyLetter_IsDifferent() {
        let glyphs = (33...126).map { Array(BitmapFont.glyph(Unicode.Scalar(UInt8($0)))) }
        #expect(Set(glyphs).count == 94)
        #expect(glyphs.allSatisfy { $0.count == 7 && $0.contains { $0 != 0 } && $0.allSatisfy { $0 < 32 } })
        #expect(Array(BitmapFont.glyph("é")) == [31, 17, 17, 17, 17, 17, 31])
        #expect(BitmapFont.glyph(" ").allSatisfy { $0 == 0 })
    }

    @Test func banner_FillsTheTop_AndFitsItsText() {
        let image = RGBImage(width: 640, height: 480)
        let band = Canvas(image).banner("FAIL line1/top 0.83", RGBColor(213, 94, 0))
        #expect(band == PixelRect(x: 0, y: 0, width: 640, height: 22))
        #expect(Array(image.bytes[0..<3]) == [213, 94, 0])
        #expect(image.bytes[(22 * 640) * 3] == 0)

        let white = Canvas(RGBImage(width: 60, height: 40))
        let text = String(repeating: "x", count: 50)
        #expect(white.banner(text, RGBColor(0, 158, 115)).height == 11)
        // Nothing but the banner's own colour in the right margin: the text was cut to fit.
        let bytes = white.image.bytes
        for y in 0..<11 { #expect(bytes[(y * 60 + 59) * 3 + 1] == 158) }
    }

    @Test func contrast() {
        #expect(RGBColor(240, 228, 66).contrasting == .black)
        #expect(RGBColor(0, 114, 178).contrasting == .white)
    }

    /// Everything with coordinates as far out as they go: the borders around the picture stay, and nothing traps.
    @Test(arguments: [(0, 0), (1, 1), (8, 5)])
    func outsideCoordinates_NeverTrap(width: Int, height: Int) {
        let image = RGBImage(width: width, height: height)
        let canvas = Canvas(image)
        var mask = BinaryMask(rows: ["111", "101", "111"])
        mask[1, 1] = true
        let contour = Contour(
            points: [PixelPoint(x: .min, y: .max), PixelPoint(x: .max, y: .min), PixelPoint(x: 0, y: 0)], isHole: false)
        let values = [Int.min, Int.min + 1, -1 << 33, -3, -1, 0, 1, 4, 9, 1 << 33, Int.max - 1, Int.max]
        for a in values {
            for b in values {
                canvas.set(x: a, y: b, red)
                canvas.fill(PixelRect(x: a, y: b, width: b, height: a), red, opacity: 0.3)
                canvas.fill(PixelRect(x: a, y: a, width: b, height: b), red)
                canvas.outline(PixelRect(x: a, y: b, width: a, height: b), red, thickness: b)
                canvas.line(from: PixelPoint(x: a, y: b), to: PixelPoint(x: b, y: a), red, thickness: a)
                canvas.line(from: PixelPoint(x: a, y: a), to: PixelPoint(x: 2, y: b), red)
                canvas.tint(mask, atX: a, y: b, red)
                canvas.outline(mask, atX: a, y: b, red, thickness: b)
                canvas.outline(contour, atX: a, y: b, red)
                canvas.text("Wg", x: a, y: b, red, scale: a)
            }
        }
        canvas.banner("pass", red)
        canvas.banner("", red)
        #expect(image.bytes.count == width * height * 3)
        #expect(width == 0 || image.bytes.contains(red.red))
    }
}
