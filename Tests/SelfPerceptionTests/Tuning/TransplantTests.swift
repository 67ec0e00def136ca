import Foundation
import Imaging
import Testing
@testable import SelfPerception

struct TransplantTests {
    private let data: DatasetFixture
    private let donors: [DefectSample]

    init() throws {
        data = try DatasetFixture()
        for index in 0..<3 {
            try data.jpeg("train/bad\(index).jpg", width: 90, height: 60)
            try data.png("train/bad\(index).png", width: 90, height: 60, PixelRect(x: 20 + 5 * index, y: 15, width: 12, height: 9))
        }
        donors = try DefectDataset.open(data.path).train
    }

    private func flat(_ width: Int, _ height: Int, level: UInt8) -> RGBImage {
        let image = RGBImage(width: width, height: height)
        image.bytes.update(repeating: level)
        return image
    }

    /// A surface of one level with a rectangle of another, which is its truth.
    private func donor(_ rect: PixelRect, surface: UInt8, defect: UInt8) -> (RGBImage, BinaryMask) {
        let image = flat(120, 90, level: surface)
        var truth = BinaryMask(width: 120, height: 90)
        for y in rect.y..<rect.maxY {
            for x in rect.x..<rect.maxX {
                truth[x, y] = true
                for channel in 0..<3 { image.bytes[(y * 120 + x) * 3 + channel] = defect }
            }
        }
        return (image, truth)
    }

    private func draw(_ seed: UInt64, strength: Float = 1) -> TransplantDraw {
        var random = SeededGenerator(seed: seed), draw = TransplantDraw(using: &random)
        draw.strength = strength
        return draw
    }

    private func box(_ mask: BinaryMask) throws -> PixelRect {
        let outline = try #require(TruthOutline(mask)).box
        return PixelRect(
            x: Int(outline.left), y: Int(outline.top), width: Int(outline.right - outline.left) + 1, height: Int(outline.bottom - outline.top) + 1)
    }

    @Test func defect_TakesTheTonesOfItsNewSurroundings() throws {
        let (image, truth) = donor(PixelRect(x: 40, y: 30, width: 30, height: 20), surface: 160, defect: 80)
        for seed in 0..<40 as Range<UInt64> {
            let host = flat(200, 140, level: 100)
            let framed = try #require(Transplant(image, truth: truth, draw: draw(seed), host: host.size)).apply(to: host)
            let scale = Double(framed.area) / Double(truth.area)
            #expect(scale > 0.45 && scale < 2.1, "the drawn scale, squared, give or take the outline")
            for place in framed.pixels.indices {
                let level = host.bytes[3 * place]
                if framed.pixels[place] == 1 { #expect(level < 85) } else { #expect(level >= 49 && level <= 101) }
            }
            let middle = try box(framed)
            #expect(host.bytes[3 * ((middle.y + middle.height / 2) * 200 + middle.x + middle.width / 2)] == 50, "half the level of what is around it")
            #expect(host.bytes[0] == 100 || framed.pixels[0] == 1 || middle.x < 20 || middle.y < 20)
        }
    }

    @Test func faintDefect_KeepsAShareOfItsContrast() throws {
        let (image, truth) = donor(PixelRect(x: 40, y: 30, width: 30, height: 20), surface: 100, defect: 60), host = flat(200, 140, level: 100)
        let framed = try #require(Transplant(image, truth: truth, draw: draw(3, strength: 0.75), host: host.size)).apply(to: host)
        let middle = try box(framed)
        #expect(host.bytes[3 * ((middle.y + middle.height / 2) * 200 + middle.x + middle.width / 2)] == 70)
    }

    @Test func defectAtABorder_IsLaidAtABorder() throws {
        let (image, truth) = donor(PixelRect(x: 0, y: 30, width: 30, height: 20), surface: 160, defect: 80)
        for seed in 0..<40 as Range<UInt64> {
            let host = flat(200, 140, level: 160)
            let rect = try box(#require(Transplant(image, truth: truth, draw: draw(seed), host: host.size)).apply(to: host))
            #expect(draw(seed).flipsHorizontally ? rect.maxX == 200 && rect.x > 150 : rect.x == 0 && rect.maxX < 50)
        }
    }

    @Test func defectFromBorderToBorder_SpansTheHost_AndOneLargerThanIt_IsMadeToFit() throws {
        let (band, bandTruth) = donor(PixelRect(x: 0, y: 30, width: 120, height: 9), surface: 160, defect: 80)
        let (large, largeTruth) = donor(PixelRect(x: 5, y: 5, width: 110, height: 80), surface: 160, defect: 80)
        for seed in 0..<20 as Range<UInt64> {
            let host = flat(200, 140, level: 160), small = flat(40, 31, level: 160)
            let rect = try box(#require(Transplant(band, truth: bandTruth, draw: draw(seed), host: host.size)).apply(to: host))
            #expect(rect.width == 200 && rect.height < 20)
            let fitted = try #require(Transplant(large, truth: largeTruth, draw: draw(seed), host: small.size)).apply(to: small)
            #expect(fitted.area > 200 && fitted.area < small.size.area)
        }
    }

    @Test func smallestDefect_IsStillMarked() throws {
        let (image, truth) = donor(PixelRect(x: 60, y: 40, width: 1, height: 1), surface: 160, defect: 0)
        for seed in 0..<30 as Range<UInt64> {
            let host = flat(50, 50, level: 160)
            #expect(try #require(Transplant(image, truth: truth, draw: draw(seed), host: host.size)).apply(to: host).area >= 1)
        }
    }

    @Test func step_DependsOnItsNumberAndTheSeedAlone() throws {
        func laid(_ seed: UInt64, _ steps: [Int]) throws -> (BinaryMask, [UInt8]) {
            let defects = TransplantedDefects(donors: donors, seed: seed)
            var last: (BinaryMask, [UInt8]) = (BinaryMask(), [])
            for step in steps {
                let host = flat(120, 100, level: 90)
                last = (try defects.transplant(onto: host, step: step), Array(host.bytes))
            }
            return last
        }
        let alone = try laid(5, [17]), after = try laid(5, [3, 4, 17]), other = try laid(6, [17])
        #expect(alone.0 == after.0 && alone.1 == after.1 && alone.0.area > 0)
        #expect(alone.0 != other.0)
    }

    @Test func damagedDonor_IsNamed() throws {
        try data.write("no picture", "train/bad0.jpg")
        let defects = TransplantedDefects(donors: [donors[0]], seed: 1), host = flat(50, 50, level: 9)
        #expect { try defects.transplant(onto: host, step: 1) } throws: { "\($0)".contains("bad0.jpg") }
    }

    @Test func distance_IsThatToTheNearestPixel() {
        var mask = BinaryMask(width: 30, height: 20)
        mask[4, 5] = true
        mask[25, 15] = true
        let distance = MaskDistance(mask)
        func length(_ x: Int, _ y: Int) -> Float { Float(x * x + y * y).squareRoot() }
        for y in 0..<20 {
            for x in 0..<30 {
                let exact = min(length(x - 4, y - 5), length(x - 25, y - 15)), found = distance.values[y * 30 + x]
                #expect(found >= exact - 1e-4 && found <= 1.09 * exact + 1e-4)
            }
        }
        #expect(MaskDistance(BinaryMask(width: 3, height: 2)).values.allSatisfy { $0 == MaskDistance.farthest })
    }
}
