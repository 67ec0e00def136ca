import Testing

@testable import Imaging

@Suite struct SyntheticLineTests {
    private func pixels(_ line: SyntheticLine, _ index: Int, into image: RGBImage = RGBImage()) -> [UInt8] {
        _ = line.part(index, into: image)
        return Array(image.bytes)
    }

    @Test func generator_FollowsItsReference() {
        var mixer = SplitMix64(state: 0)
        let mixed = (0..<3).map { _ in mixer.next() }
        #expect(mixed == [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F])
        var random = SeededGenerator(state: (1, 2, 3, 4))
        let drawn = (0..<4).map { _ in random.next() }
        #expect(drawn == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
    }

    @Test func generator_StaysInItsRanges() {
        var random = SeededGenerator(seed: 3)
        var seen = Set<Int>()
        for _ in 0..<2000 {
            let value = random.uniform(-2...5)
            #expect(value >= -2 && value <= 5)
            let direction = random.direction()
            #expect(abs((direction * direction).sum() - 1) < 1e-5)
            seen.insert(random.below(7))
        }
        #expect(seen == Set(0..<7))
    }

    @Test func part_IsTheSame_WhateverCameBefore() {
        let size = PixelSize(width: 120, height: 90)
        let line = SyntheticLine(seed: 11, size: size, defectRate: 0.5)
        let image = RGBImage()
        var forward: [[UInt8]] = [], truths: [BinaryMask] = [], defects: [[PaintedDefect]] = []
        for index in 0..<12 {
            let part = line.part(index, into: image)
            #expect(part.index == index)
            forward.append(Array(image.bytes))
            truths.append(part.truth)
            defects.append(part.defects)
        }
        let again = SyntheticLine(seed: 11, size: size, defectRate: 0.5)
        for index in (0..<12).reversed() {
            // A larger picture was in the image before: what is left of it must not show.
            image.resize(width: 300, height: 200)
            image.bytes.update(repeating: 200)
            let part = again.part(index, into: image)
            // As truth values: a difference of whole pictures is no message to read.
            let (samePicture, sameTruth) = (forward[index].elementsEqual(image.bytes), part.truth == truths[index])
            #expect(samePicture, "part \(index)")
            #expect(sameTruth, "part \(index)")
            #expect(part.defects == defects[index], "part \(index)")
        }
        let different = Set(forward).count
        #expect(different == 12)
        let differs = pixels(SyntheticLine(seed: 12, size: size), 0) != forward[0]
        #expect(differs)
    }

    @Test func defectRate_IsTheShareOfFlawedParts() {
        let size = PixelSize(width: 48, height: 36)
        let image = RGBImage()
        func flawed(_ rate: Double, of count: Int) -> Int {
            let line = SyntheticLine(seed: 5, size: size, defectRate: rate)
            return (0..<count).count { line.part($0, into: image).isDefective }
        }
        #expect(flawed(0, of: 100) == 0)
        #expect(flawed(1, of: 100) == 100)
        // 0.4 of 1500 is 600 with a deviation of 19; four of them either way.
        #expect(abs(flawed(0.4, of: 1500) - 600) < 76)
    }

    @Test func truth_IsEmptyExactlyOnGoodParts_AndBoundedByTheDefectsBoxes() {
        let line = SyntheticLine(seed: 21, defectRate: 0.6)
        let image = RGBImage()
        var kinds = Set<DefectKind>()
        for index in 0..<60 {
            let part = line.part(index, into: image)
            #expect(image.size == line.size && part.truth.size == line.size)
            #expect(part.isDefective == part.truth.pixels.contains(1))
            var outside = 0
            for y in 0..<part.truth.height {
                for x in 0..<part.truth.width where part.truth[x, y] {
                    let here = PixelRect(x: x, y: y, width: 1, height: 1)
                    if !part.defects.contains(where: { $0.box.intersection(here) != nil }) { outside += 1 }
                }
            }
            #expect(outside == 0, "part \(index): truth outside its flaws' boxes")
            for defect in part.defects {
                kinds.insert(defect.kind)
                #expect(defect.area > 0 && defect.area <= defect.box.size.area)
                #expect(defect.box.intersection(PixelRect(line.size)) == defect.box)
            }
        }
        #expect(kinds == Set(DefectKind.allCases))
    }

    @Test func parts_AreGrayTexturedAndDifferInLight() {
        let line = SyntheticLine(seed: 2, defectRate: 0)
        let image = RGBImage()
        var means: [Float] = []
        for index in 0..<20 {
            _ = line.part(index, into: image)
            let bytes = image.bytes
            var sum: Float = 0, across: Float = 0, down: Float = 0
            for y in 1..<image.height {
                for x in 1..<image.width {
                    let here = (y * image.width + x) * 3
                    if bytes[here] != bytes[here + 1] || bytes[here] != bytes[here + 2] {
                        Issue.record("part \(index) is not gray at \(x), \(y)")
                        return
                    }
                    sum += Float(bytes[here])
                    across += abs(Float(bytes[here]) - Float(bytes[here - 3]))
                    down += abs(Float(bytes[here]) - Float(bytes[here - image.width * 3]))
                }
            }
            // Marks run down the part: neighbours in a column are more alike than neighbours in a row.
            #expect(down < across * 1.1, "part \(index)")
            #expect(across > 0)
            means.append(sum / Float(image.size.area))
        }
        #expect((means.min() ?? 0) > 35 && (means.max() ?? 255) < 200)
        #expect((means.max() ?? 0) - (means.min() ?? 0) > 30)
    }

    @Test func extremeSizes_AreDrawn() {
        let image = RGBImage()
        let sides = [-3, 0, 1, 2, 3, 5, 8, 17, 40]
        for width in sides {
            for height in sides {
                let line = SyntheticLine(seed: 9, size: PixelSize(width: width, height: height), defectRate: 1)
                for index in [0, 1, 2, -1, .max, .min] {
                    let part = line.part(index, into: image)
                    #expect(image.size == PixelSize(width: max(0, width), height: max(0, height)))
                    #expect(part.truth.size == image.size)
                    #expect(part.isDefective == part.truth.pixels.contains(1))
                }
            }
        }
        let wide = SyntheticLine(seed: 9, size: PixelSize(width: 5000, height: 3), defectRate: 1)
        #expect(wide.part(0, into: image).truth.size == image.size)
    }
}
