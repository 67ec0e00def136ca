import Foundation
import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

struct AugmentationTests {
    private let workspace = Workspace(threads: 2)
    private let configuration: ModelConfiguration

    init() throws { configuration = try SPTModel(path: SPTModel.embeddedName).configuration }

    private var side: Int { configuration.imageSize }

    private func letterboxed() -> ModelConfiguration {
        var other = configuration
        other.resize = .longestSide
        return other
    }

    /// A dark picture with a bright square, which is its truth.
    private func marked(width: Int = 300, height: Int = 200, _ rect: PixelRect = PixelRect(x: 180, y: 40, width: 70, height: 60)) -> (RGBImage, BinaryMask) {
        let image = RGBImage(width: width, height: height)
        var truth = BinaryMask(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width {
                let inside = x >= rect.x && x < rect.maxX && y >= rect.y && y < rect.maxY
                truth[x, y] = inside
                for channel in 0..<3 { image.bytes[(y * width + x) * 3 + channel] = inside ? 230 : 40 }
            }
        }
        return (image, truth)
    }

    private func textured(width: Int, height: Int) -> RGBImage {
        let image = RGBImage(width: width, height: height)
        var random = SeededGenerator(seed: 3)
        for index in image.bytes.indices { image.bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
        return image
    }

    private func input() -> Tensor { Tensor(rows: side * side, columns: 3) }

    @Test func unchangedPicture_IsTheModelsOwnInput() throws {
        let (image, truth) = marked(), made = input(), expected = input()
        for configuration in [configuration, letterboxed()] {
            var framed = BinaryMask()
            let augmenter = Augmenter(configuration, settings: .none, seed: 1)
            augmenter(image, truth: truth, step: 5, into: made, truth: &framed, in: workspace)
            ImageProcessor(configuration)(image, rect: PixelRect(image.size), into: expected, in: workspace)
            #expect(made.values == expected.values)
            let content = configuration.layout.content(of: image.size)
            let share = Double(framed.area) / Double(content.area), stated = Double(truth.area) / Double(image.size.area)
            #expect(abs(share - stated) < 0.01 * stated)
        }
    }

    @Test(arguments: [(300, 200), (1200, 700), (512, 512)])
    func warp_OfAnUnchangedPictureAgreesWithTheProcessor(_ width: Int, _ height: Int) throws {
        let image = textured(width: width, height: height), made = input(), expected = input()
        let placement = Placement(AugmentationDraw(), picture: image.size, layout: configuration.layout)
        let spans = PictureWarp().draw(image, placement, into: made.pointer, in: workspace)
        #expect(spans.allSatisfy { $0 == 0..<side })
        let processor = ImageProcessor(configuration)
        processor.normalise(made)
        processor(image, rect: PixelRect(image.size), into: expected, in: workspace)
        // Places are Float32 here as there, but summed otherwise: 1e-3 pixel of noise of full contrast, in units of 1/57.
        expectClose(made.values, expected.values, within: 0.01, "input")
    }

    @Test func pictureAndMask_StayTogether() throws {
        var settings = AugmentationSettings.thorough
        (settings.brightness, settings.contrast, settings.gamma, settings.noise, settings.blur) = (0, 0, 0, 0, 0)
        settings.rotation = 45
        settings.scale = 0.3...2
        let (image, truth) = marked(), made = input()
        for configuration in [configuration, letterboxed()] {
            let augmenter = Augmenter(configuration, settings: settings, seed: 11), border = (135 - configuration.pixelMean[0]) / configuration.pixelStd[0]
            for step in 0..<60 {
                var framed = BinaryMask()
                let placement = augmenter(image, truth: truth, step: step, into: made, truth: &framed, in: workspace)
                var bright = BinaryMask(width: side, height: side)
                for pixel in 0..<side * side where made.pointer[3 * pixel] > border { bright.pixels[pixel] = 1 }
                // Padding is 0, the mean colour, which is below the border.
                #expect(framed.iou(with: bright) > 0.93, "step \(step): \(placement)")
                // Some of the defect is always left in the crop.
                #expect(framed.area > 0, "step \(step)")
            }
        }
    }

    @Test func flips_TakeEachOtherBack() throws {
        let image = textured(width: side, height: side)
        for flip in [\AugmentationDraw.flipsHorizontally, \.flipsVertically] {
            var draw = AugmentationDraw()
            draw[keyPath: flip] = true
            let twice = turned(turned(image, draw), draw)
            #expect(Array(twice.bytes) == Array(image.bytes))
        }
        var quarter = AugmentationDraw()
        quarter.quarterTurns = 1
        var four = image
        for _ in 0..<4 { four = turned(four, quarter) }
        #expect(Array(four.bytes) == Array(image.bytes))
        #expect(Array(turned(image, quarter).bytes) != Array(image.bytes))
    }

    private func turned(_ image: RGBImage, _ draw: AugmentationDraw) -> RGBImage {
        let made = input(), result = RGBImage(width: side, height: side)
        let placement = Placement(draw, picture: image.size, layout: configuration.layout)
        _ = PictureWarp().draw(image, placement, into: made.pointer, in: workspace)
        for index in result.bytes.indices { result.bytes[index] = UInt8(made.pointer[index].rounded()) }
        return result
    }

    @Test func quarterTurn_IsClockwise() {
        var draw = AugmentationDraw()
        draw.quarterTurns = 1
        let placement = Placement(draw, picture: PixelSize(width: 200, height: 100), layout: InputLayout(side: 400, resize: .longestSide))
        // 400×200 upright becomes 200×400; the left top corner goes to the right top.
        #expect(placement.toInput(SIMD2(0, 0)) == SIMD2(200, 0) && placement.toInput(SIMD2(200, 0)) == SIMD2(200, 400))
        let slight = AffineMap.rotation(degrees: 90, around: SIMD2(0, 0))(SIMD2(1, 0))
        #expect(abs(slight.x) < 1e-12 && abs(slight.y - 1) < 1e-12)
    }

    @Test func step_DependsOnItsNumberAndTheSeedAlone() throws {
        let (image, truth) = marked()
        func made(_ augmenter: Augmenter, _ step: Int, threads: Int = 2) -> ([Float], BinaryMask) {
            let input = input()
            var framed = BinaryMask()
            augmenter(image, truth: truth, step: step, into: input, truth: &framed, in: Workspace(threads: threads))
            return (input.values, framed)
        }
        let first = Augmenter(configuration, settings: .thorough, seed: 7), second = Augmenter(configuration, settings: .thorough, seed: 7)
        let forwards = (0..<4).map { made(first, $0) }, backwards = (0..<4).reversed().map { made(second, $0, threads: 1) }
        for (one, other) in zip(forwards, backwards.reversed()) { #expect(one.0 == other.0 && one.1 == other.1) }
        #expect(forwards[0].0 != forwards[1].0)
        #expect(made(Augmenter(configuration, settings: .thorough, seed: 8), 0).0 != forwards[0].0)
    }

    @Test func shrinking_DoesNotSkipPixels() throws {
        // Columns of 0 and 255 in turn: whatever is sampled of them without a filter is no middle gray.
        let image = RGBImage(width: 512, height: 512), made = input()
        for index in image.bytes.indices { image.bytes[index] = index / 3 % 2 == 0 ? 0 : 255 }
        var draw = AugmentationDraw()
        draw.scale = 0.25
        let placement = Placement(draw, picture: image.size, layout: configuration.layout)
        let spans = PictureWarp().draw(image, placement, into: made.pointer, in: workspace)
        #expect(spans[0] == 0..<128 && spans[127] == 0..<128 && spans[128].isEmpty)
        for x in 2..<126 { #expect(abs(made.pointer[(64 * side + x) * 3] - 127.5) < 6) }
        #expect(made.pointer[(64 * side + 200) * 3] == 0)
    }

    @Test func tone_ChangesLevelsAsItSays() {
        var pixels = [Float](repeating: 100, count: 64 * 64 * 3)
        func apply(_ change: (inout AugmentationSettings) -> Void) -> [Float] {
            var settings = AugmentationSettings.none, copy = pixels
            change(&settings)
            let draw = ToneDraw(settings, seed: 4, step: 9)
            copy.withUnsafeMutableBufferPointer { levels in levels.baseAddress.map { draw.apply(to: $0, side: 64) } }
            return copy
        }
        #expect(apply { _ in } == pixels)
        let brighter = apply { $0.brightness = 20 }
        #expect(brighter[0] != 100 && abs(brighter[0] - 100) <= 20 && Set(brighter).count == 1)
        let noisy = apply { $0.noise = 4 }, mean = noisy.reduce(0, +) / Float(noisy.count)
        let variance = noisy.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Float(noisy.count)
        var noise = AugmentationSettings.none
        noise.noise = 4
        let stated = Float(ToneDraw(noise, seed: 4, step: 9).noise)
        #expect(abs(mean - 100) < 0.3 && abs(variance.squareRoot() - stated) < 0.1 * stated)
        #expect(noisy[0] == noisy[1] && noisy[1] == noisy[2])
        for x in 0..<64 where x >= 32 { for y in 0..<64 { for c in 0..<3 { pixels[(y * 64 + x) * 3 + c] = 200 } } }
        let blurred = apply { $0.blur = 3 }
        #expect(abs(blurred[0] - 100) < 1e-3 && blurred[31 * 3] > 101 && blurred[31 * 3] < 150 && abs(blurred[31 * 3] + blurred[32 * 3] - 300) < 1e-2)
    }

    @Test func settings_NameWhatIsWrong() throws {
        #expect(AugmentationSettings().problem == nil && AugmentationSettings.thorough.problem == nil)
        var settings = AugmentationSettings()
        settings.scale = 0...1
        #expect(settings.problem?.contains("scale") == true)
        settings = .none
        settings.noise = -1
        #expect(settings.problem?.contains("noise") == true)
        settings.noise = .nan
        #expect(settings.problem != nil)
        let data = try JSONEncoder().encode(AugmentationSettings.thorough)
        #expect(try JSONDecoder().decode(AugmentationSettings.self, from: data) == .thorough)
    }
}
