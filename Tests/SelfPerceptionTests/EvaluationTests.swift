import Foundation
import Imaging
import SegmentAnything
import Testing
@testable import SelfPerception

struct EvaluationTests {
    @Test func boundary_IsTheMaskWithoutItsErosion() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<40 {
            let width = 1 + generator.below(60), height = 1 + generator.below(60)
            var mask = BinaryMask(width: width, height: height)
            for _ in 0..<1 + generator.below(3) {
                let x = generator.below(width), y = generator.below(height), w = generator.below(width - x) + 1, h = generator.below(height - y) + 1
                for row in y..<y + h { for column in x..<x + w { mask[column, row] = generator.chance(0.98) } }
            }
            let ratio = Double(generator.below(12)) / 100
            let reach = max(1, Int((ratio * Double(width * width + height * height).squareRoot()).rounded(.toNearestOrEven)))
            var expected = mask
            for y in 0..<height {
                for x in 0..<width {
                    let window = (y - reach...y + reach).flatMap { row in (x - reach...x + reach).map { ($0, row) } }
                    let stays = window.allSatisfy { $0 >= 0 && $1 >= 0 && $0 < width && $1 < height && mask[$0, $1] }
                    if stays { expected[x, y] = false }
                }
            }
            #expect(MaskMetrics.boundary(mask, dilationRatio: ratio) == expected)
        }
    }

    @Test func peakScore_IsTheMeanOfTheTwentyHighest() {
        var generator = SeededGenerator(seed: 8)
        let values = (0..<400).map { _ in 8 * generator.signed() }
        let map = LogitMap(size: PixelSize(width: 20, height: 20), values: values)
        func expected(_ values: [Float]) -> Double {
            let highest = values.sorted(by: >).prefix(20).map { 1 / (1 + exp(-Double($0))) }
            return highest.reduce(0, +) / Double(highest.count)
        }
        #expect(abs(PeakScore.of(map, over: PixelSize(width: 300, height: 200)) - expected(values)) < 1e-6)
        #expect(abs(PeakScore.of(values, within: [3, 5, 7]) - expected([values[3], values[5], values[7]])) < 1e-6)
        #expect(PeakScore.of(values, within: []) == 0)
    }

    @Test func work_ComesBackInOrder_AndTheEarliestErrorIsThrown() throws {
        struct Odd: Error, Equatable { var index: Int }
        let (squares, states) = try inParallel(100, workers: 3) { () throws(Odd) in [Int]() } _: { (seen, index) throws(Odd) -> Int in
            seen.append(index)
            return index * index
        }
        #expect(squares == (0..<100).map { $0 * $0 })
        #expect(states.flatMap(\.self).sorted() == Array(0..<100))
        let error = #expect(throws: Odd.self) {
            try inParallel(100, workers: 2) { () throws(Odd) in 0 } _: { (_, index) throws(Odd) -> Int in
                if index >= 40 { throw Odd(index: index) }
                return index
            }
        }
        #expect(error == Odd(index: 40))
    }

    @Test func splits_AreStratified_AndTheSeedsOwn() {
        let isDefective = (0..<100).map { $0 % 5 == 0 }
        let split = StratifiedSplit(isDefective: isDefective, share: 0.3, seed: 1)
        func held(_ kind: Bool) -> Int { zip(isDefective, split.isHeldOut).count { $0.0 == kind && $0.1 } }
        #expect(held(true) == 6 && held(false) == 24)
        #expect(StratifiedSplit(isDefective: isDefective, share: 0.3, seed: 1).isHeldOut == split.isHeldOut)
        #expect(StratifiedSplit(isDefective: isDefective, share: 0.3, seed: 2).isHeldOut != split.isHeldOut)
    }

    private static func parts(_ count: Int, seed: UInt64) -> [EvaluatedPart] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let isDefective = index % 4 == 0
            let score = Double(generator.unit()) * 0.7 + (isDefective ? 0.3 : 0)
            return EvaluatedPart(name: "\(index)", category: "", defect: isDefective ? "pit" : nil, score: score, quality: nil)
        }
    }

    @Test func noPart_IsJudgedAtALimitThatItChose() throws {
        let parts = Self.parts(200, seed: 4)
        let split = StratifiedSplit(isDefective: parts.map(\.isDefective), seed: 7)
        func half(_ held: Bool) -> Ranking { Ranking(zip(parts, split.isHeldOut).filter { $0.1 == held }.map(\.0)) }
        let targets: [LimitTarget] = [.balanced, .escapes(0.05), .overkill(0.05)]
        let all = HeldOutErrors.all(targets, from: .halves, parts: parts, train: [], seed: 7)
        for (target, errors) in zip(targets, all) {
            let a = try #require(target.limit(on: half(true))), b = try #require(target.limit(on: half(false)))
            let onB = half(false).errors(at: a), onA = half(true).errors(at: b)
            #expect(errors.limits == [a, b])
            #expect(errors.escapes == onA.escapes + onB.escapes && errors.overkill == onA.overkill + onB.overkill)
            #expect(errors.defective == 50 && errors.good == 150, "every part is judged once")
        }
        let other = Self.parts(80, seed: 5)
        let fromTrain = try #require(HeldOutErrors.all([.balanced], from: .train, parts: parts, train: other, seed: 7).first)
        #expect(fromTrain.limits == [try #require(Ranking(other).balanced).limit])
        let given = try #require(HeldOutErrors.all(targets, from: .given(0.5), parts: parts, train: [], seed: 7).first)
        #expect(given.limits == [0.5] && given.escapes == Ranking(parts).errors(at: 0.5).escapes)
        #expect(HeldOutErrors.all(targets, from: .halves, parts: parts.filter { !$0.isDefective }, train: [], seed: 7).isEmpty)
    }

    @Test func prompts_AreMadeOfTheTruth() throws {
        let size = PixelSize(width: 200, height: 100)
        var gray = [UInt8](repeating: 0, count: size.area)
        for y in 40..<60 { for x in 80..<120 { gray[y * 200 + x] = 255 } }
        let framed = try #require(FramedTruth(SampleTruth(size: size, gray: gray), frame: PixelSize(width: 400, height: 400)))
        var generator = SeededGenerator(seed: 1), again = generator
        let prompts = framed.prompts(EvaluationPrompt.allCases, using: &generator)
        #expect(prompts == framed.prompts(EvaluationPrompt.allCases, using: &again))
        let boxes = prompts.prefix(4).compactMap(\.box)
        for (box, share) in zip(boxes, [0, 0.1, 0.25, 0.5] as [Float]) {
            // The frame's box runs from its first to its last pixel, half a pixel of the picture less.
            #expect(abs((box.right - box.left) - 39.5 * (1 + share)) < 1e-3 && abs((box.bottom - box.top) - 19.75 * (1 + share)) < 1e-3)
            #expect(abs((box.left + box.right) / 2 - 99.75) < 1e-3)
        }
        let points = prompts[4..<8].map(\.points)
        #expect(points.map(\.count) == [1, 3, 5, 10])
        #expect(points[3].allSatisfy { (80..<120).contains($0.x) && (40..<60).contains($0.y) })
        #expect(points[2] == Array(points[3].prefix(5)), "more points are the same and others")
        #expect(prompts[8] == Prompt(box: .init(left: 0, top: 0, right: 200, bottom: 100)))
        #expect(FramedTruth(SampleTruth(size: size, gray: [UInt8](repeating: 128, count: size.area)), frame: size) == nil)
        // One pixel of a large picture lies between the samples of the stretch, and is asked about all the same.
        var speck = [UInt8](repeating: 0, count: 1000 * 1000)
        speck[503 * 1000 + 707] = 255
        let tiny = try #require(FramedTruth(SampleTruth(size: PixelSize(width: 1000, height: 1000), gray: speck), frame: PixelSize(width: 100, height: 100)))
        #expect(tiny.prompts([.points1], using: &generator).first?.points.first.map { [$0.x, $0.y] } == [700, 500])
    }

    @Test func foldersOfOneName_AreToldApart() {
        let sets = ["a", "test", "test", "test"].map { DefectDataset(name: $0, layout: .published, train: [], test: [], skipped: []) }
        #expect(Evaluation.names(of: sets) == ["a", "test", "test (2)", "test (3)"])
    }

    @Test(.enabled(if: Shared.has("data/mtd/test"), Shared.missing("data/mtd/test")))
    func results_DoNotDependOnTheNumberOfWorkers() throws {
        let dataset = try DefectDataset.open(Shared.path("data/mtd/test"))
        let few = dataset.test.filter(\.isDefective).prefix(4) + dataset.test.filter { !$0.isDefective }.prefix(4)
        let small = DefectDataset(name: "mtd", layout: .published, train: [], test: Array(few), skipped: [])
        let model = try SPTModel(path: SPTModel.embeddedName)
        let results = try [1, 3].map { workers in
            var settings = EvaluationSettings()
            settings.workers = workers
            settings.cases = 1
            return try Evaluation(settings).run(model, name: "nano", on: [small]) { _, _ in }
        }
        let sets = try results.map { try #require($0.sets.first) }
        #expect(sets[0].masks == sets[1].masks && sets[0].defective == 4 && sets[0].good == 4)
        #expect(sets[0].masks.count == EvaluationPrompt.allCases.count)
        #expect(sets[0].line.pixelAUROC == sets[1].line.pixelAUROC && sets[0].line.perRegionOverlap == sets[1].line.perRegionOverlap)
        let gallery = try #require(results[0].galleries.first)
        #expect(gallery.cases.map(\.kind) == [.worst, .best, .missed, .falseAlarm])
        #expect(gallery.cases.map(\.panels.count) == [4, 4, 4, 3], "a good part has no truth to show")
        for panel in gallery.cases.flatMap(\.panels) {
            let jpeg = try #require(Data(base64Encoded: panel.base64)), picture = RGBImage()
            try JPEGDecoder().decode([UInt8](jpeg), into: picture)
            #expect(max(picture.width, picture.height) <= CaseGallery.longestSide)
        }
    }
}
