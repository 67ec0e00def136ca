import Imaging
import Testing
@testable import Inspection

@Suite struct OverlayPainterTests {
    private func pixel(_ image: RGBImage, _ x: Int, _ y: Int) -> RGBColor {
        let at = (y * image.width + x) * 3
        return RGBColor(image.bytes[at], image.bytes[at + 1], image.bytes[at + 2])
    }

    @Test func overlay_ShowsMaskShapeBoxAndVerdict() throws {
        let plan = plan(try file("name: a, shape: {box: [100, 100, 500, 400]}, view: frame"))
        let model = FakeModel.field(grid: PixelSize(width: 64, height: 64)) { x, y in abs(x - 300) < 50 && abs(y - 250) < 40 ? 4 : -6 }
        let inspector = Inspector(model: model), frame = image()
        let result = inspector.inspect(frame, plan: plan)
        OverlayPainter().paint(frame, plan: plan, result: result, mask: inspector.frameMask)

        let fail = VerdictPalette.color(of: .fail)
        #expect(pixel(frame, 300, 250) != .black && pixel(frame, 300, 250) != fail, "the mask is tinted")
        #expect(pixel(frame, 100, 300) == fail && pixel(frame, 300, 400) == fail, "the shape is outlined")
        let box = try #require(result.regions.first?.defects.first?.box)
        #expect(pixel(frame, box[0] - 2, box[1] + 5) == fail, "the defect is boxed, outside its own pixels")
        #expect(pixel(frame, 639, 0) == fail, "the banner spans the top")
        #expect(pixel(frame, 50, 300) == .black, "the rest is untouched")
    }

    @Test func uninspectedFrames_AreMarked_WithoutAPlanToo() {
        let frame = image(64, 48)
        let result = FrameResult(verdict: .uninspected, reason: .noRegion)
        OverlayPainter().paint(frame, plan: nil, result: result, mask: nil)
        #expect(pixel(frame, 63, 0) == VerdictPalette.color(of: .uninspected))
        #expect(pixel(frame, 63, 47) == .black)
    }

    @Test func verdictsHaveColoursOfTheirOwn() {
        let colours = Set(Verdict.allCases.map(VerdictPalette.color) + [VerdictPalette.mask])
        #expect(colours.count == Verdict.allCases.count + 1)
    }
}
