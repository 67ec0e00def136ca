import Testing

@testable import Imaging

@Suite struct SyntheticDefectTests {
    private func flat(_ color: [UInt8] = [120, 110, 90], width: Int = 240, height: Int = 180) -> RGBImage {
        let image = RGBImage(width: width, height: height)
        for place in image.bytes.indices { image.bytes[place] = color[place % 3] }
        return image
    }

    private func changed(_ image: RGBImage, from before: [UInt8]) -> BinaryMask {
        var mask = BinaryMask(width: image.width, height: image.height)
        for place in image.bytes.indices where image.bytes[place] != before[place] { mask.pixels[place / 3] = 1 }
        return mask
    }

    /// Whether a pixel of the mask lies within `reach` pixels of (x, y).
    private func isNear(_ mask: BinaryMask, _ x: Int, _ y: Int, reach: Float) -> Bool {
        let span = Int(reach.rounded(.up))
        for row in max(0, y - span)...min(mask.height - 1, y + span) {
            for column in max(0, x - span)...min(mask.width - 1, x + span) where mask[column, row] {
                let (across, down) = (Float(column - x), Float(row - y))
                if across * across + down * down <= reach * reach { return true }
            }
        }
        return false
    }

    @Test(arguments: DefectKind.allCases)
    func painting_ChangesTheTruthAndNothingBeyondItsRim(_ kind: DefectKind) throws {
        var random = SeededGenerator(seed: 31)
        let region = PixelRect(x: 15, y: 12, width: 200, height: 150)
        for _ in 0..<40 {
            let image = flat()
            let before = Array(image.bytes)
            var truth = BinaryMask(width: image.width, height: image.height)
            let defect = try #require(
                DefectPainter().paint(kind, on: image, within: region, truth: &truth, using: &random))
            let touched = changed(image, from: before)
            // Counted, so that a mistake is one message a picture and not one a pixel.
            var unchanged = 0, beyondRim = 0, beyondRegion = 0
            for y in 0..<image.height {
                for x in 0..<image.width {
                    if truth[x, y], !touched[x, y] { unchanged += 1 }
                    guard touched[x, y] else { continue }
                    // The outline passes within a pixel of the truth, which holds whole pixels only.
                    if !isNear(truth, x, y, reach: DefectPainter.rim + 1) { beyondRim += 1 }
                    let here = PixelRect(x: x, y: y, width: 1, height: 1)
                    if here.intersection(region) == nil { beyondRegion += 1 }
                }
            }
            #expect((unchanged, beyondRim, beyondRegion) == (0, 0, 0))
            #expect(defect.kind == kind)
            #expect(defect.area == truth.pixels.count { $0 == 1 })
            #expect(defect.box == box(of: truth))
        }
    }

    private func box(of mask: BinaryMask) -> PixelRect? {
        let columns = (0..<mask.width).filter { x in (0..<mask.height).contains { mask[x, $0] } }
        let rows = (0..<mask.height).filter { y in (0..<mask.width).contains { mask[$0, y] } }
        guard let left = columns.first, let right = columns.last, let top = rows.first, let bottom = rows.last
        else { return nil }
        return PixelRect(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
    }

    @Test(arguments: DefectKind.allCases)
    func contrast_SaysWhichWayAndHowFarTheSurfaceChanged(_ kind: DefectKind) throws {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<30 {
            let image = flat([100, 100, 100])
            var truth = BinaryMask(width: image.width, height: image.height)
            let defect = try #require(DefectPainter().paint(kind, on: image, truth: &truth, using: &random))
            var sum: Float = 0
            for pixel in truth.pixels.indices where truth.pixels[pixel] == 1 { sum += Float(image.bytes[3 * pixel]) }
            let change = 1 - sum / Float(defect.area) / 100
            #expect(change * defect.contrast > 0)
            // Mottle, relief and the soft edge take from it, nothing adds to it.
            #expect(abs(change) <= abs(defect.contrast) + 0.02)
            #expect(abs(change) >= 0.3 * abs(defect.contrast))
        }
    }

    @Test(arguments: [UInt8(0), 255])
    func flaws_ShowOnBlackAndWhite(_ level: UInt8) throws {
        var random = SeededGenerator(seed: 4)
        for kind in DefectKind.allCases {
            let image = flat([level, level, level])
            let before = Array(image.bytes)
            var truth = BinaryMask(width: image.width, height: image.height)
            let defect = try #require(DefectPainter().paint(kind, on: image, truth: &truth, using: &random))
            #expect((defect.contrast > 0) == (level == 255))
            let touched = changed(image, from: before)
            let hidden = truth.pixels.indices.count { truth.pixels[$0] > touched.pixels[$0] }
            #expect(hidden == 0, "\(kind) on \(level)")
        }
    }

    @Test func truths_AddUp() throws {
        var random = SeededGenerator(seed: 6)
        let image = flat()
        var truth = BinaryMask(width: image.width, height: image.height)
        var union = truth
        for kind in DefectKind.allCases {
            var own = BinaryMask(width: image.width, height: image.height)
            var twin = random
            let copy = flat()
            let alone = try #require(DefectPainter().paint(kind, on: copy, truth: &own, using: &twin))
            let added = try #require(DefectPainter().paint(kind, on: image, truth: &truth, using: &random))
            #expect(alone.box == added.box && alone.area == added.area)
            for pixel in own.pixels.indices where own.pixels[pixel] == 1 { union.pixels[pixel] = 1 }
        }
        let same = truth == union
        #expect(same)
    }

    @Test func ranges_ReplaceTheStandard() throws {
        var random = SeededGenerator(seed: 14)
        let ranges = [DefectKind.pit: DefectRange(extent: 0.4...0.4, width: 1...1, contrast: 0.1...0.1, brightShare: 1)]
        let image = flat()
        var truth = BinaryMask(width: image.width, height: image.height)
        let pit = try #require(DefectPainter(ranges: ranges).paint(.pit, on: image, truth: &truth, using: &random))
        #expect(pit.contrast == -0.1)
        // A disc of diameter 0.4 · 180, its outline uneven by a few parts in a hundred.
        #expect(abs(Float(pit.area) / (Float.pi * 36 * 36) - 1) < 0.3)
    }

    @Test func nothingIsPainted_WhereThereIsNoPlace() {
        var random = SeededGenerator(seed: 1)
        let image = flat(width: 20, height: 10)
        let before = Array(image.bytes)
        var truth = BinaryMask(width: 20, height: 10)
        let outside = [
            PixelRect(x: 20, y: 0, width: 5, height: 5), PixelRect(x: -9, y: 2, width: 9, height: 3),
            PixelRect(x: 3, y: 3, width: 0, height: 4), PixelRect(x: 3, y: 3, width: -4, height: 4),
        ]
        for kind in DefectKind.allCases {
            for region in outside {
                #expect(DefectPainter().paint(kind, on: image, within: region, truth: &truth, using: &random) == nil)
            }
            var none = BinaryMask()
            #expect(DefectPainter().paint(kind, on: RGBImage(), truth: &none, using: &random) == nil)
        }
        let untouched = before.elementsEqual(image.bytes) && !truth.pixels.contains(1)
        #expect(untouched)
    }
}
