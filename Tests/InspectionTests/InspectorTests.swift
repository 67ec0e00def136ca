import Imaging
import SegmentAnything
import SelfPerception
import Testing
@testable import Inspection

@Suite struct InspectorTests {
    private let grid = PixelSize(width: 64, height: 64)

    /// A defect of logit 4 in a field of −6: a square of the frame.
    private func square(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>, grid: PixelSize? = nil) -> FakeModel {
        .field(grid: grid ?? self.grid) { x.contains($0) && y.contains($1) ? 4 : -6 }
    }

    @Test func cleanPart_Passes() throws {
        let inspector = Inspector(model: FakeModel.constant(draft: .flat(-5), refined: .flat(-5)))
        let result = inspector.inspect(image(), plan: plan(try file("name: a, shape: {box: [40, 60, 600, 420]}")))
        #expect(result.verdict == .pass && result.reason == nil)
        let region = try #require(result.regions.first)
        #expect(region.name == "a" && region.defects.isEmpty && region.defectCount == 0 && region.because.isEmpty)
        #expect(region.agreement == 1)
        #expect(abs(region.score - Double(sigmoid(-5))) < 1e-7)
        #expect(!inspector.frameMask.pixels.contains(1))
        #expect(inspector.frameMask.size == PixelSize(width: 640, height: 480))
    }

    @Test func defect_IsFoundWhereItIs() throws {
        let inspector = Inspector(model: square(200...300, 100...180))
        let plan = plan(try file("name: a, shape: {frame: true}", pixelsPerMm: "10"))
        let result = inspector.inspect(image(), plan: plan)
        #expect(result.verdict == .fail)
        let region = try #require(result.regions.first), defect = try #require(region.defects.first)
        #expect(region.defects.count == 1 && region.defectCount == 1)
        // A cell measures 10×7.5 pixels; the edge lies between the centres of the cells on both sides.
        for (value, expected) in zip(defect.box, [200, 100, 100, 80]) { #expect(abs(value - expected) <= 10) }
        #expect(abs(defect.centroid[0] - 249.5) < 5 && abs(defect.centroid[1] - 139.5) < 5)
        #expect(defect.areaMm2 == Double(defect.areaPx) / 100)
        #expect(defect.score > 0.8 && defect.score < 1)
        #expect(region.score > 0.98)

        let mask = try defect.segmentation.mask()
        #expect(mask == inspector.frameMask)
        #expect(mask.pixels.reduce(0) { $0 + Int($1) } == defect.areaPx)
        #expect(defect.segmentation.size == PixelSize(width: 640, height: 480))
    }

    @Test func scoreIsTheMeanOfTheTwentyHighest_InsideTheShapeOnly() throws {
        var random = Seeded(9)
        let map = LogitMap(size: grid, values: (0..<grid.area).map { _ in .random(in: -3...3, using: &random) })
        let inspector = Inspector(model: FakeModel.constant(draft: map, refined: map))
        let plan = plan(try file("name: a, shape: {box: [160, 120, 480, 360]}, view: frame", "name: b, shape: {box: [0, 0, 20, 15]}, view: frame"))
        let result = inspector.inspect(image(), plan: plan)
        func expected(_ columns: Range<Int>, _ rows: Range<Int>) -> Double {
            let inside = rows.flatMap { row in columns.map { map.values[row * 64 + $0] } }
            let top = inside.sorted(by: >).prefix(20)
            return top.reduce(0) { $0 + Double(sigmoid($1)) } / Double(top.count)
        }
        #expect(abs(result.regions[0].score - expected(16..<48, 16..<48)) < 1e-9)
        #expect(abs(result.regions[1].score - expected(0..<2, 0..<2)) < 1e-9, "fewer than 20 cells: their mean")
    }

    @Test func whatLiesOutsideTheShape_IsNotJudged() throws {
        let inspector = Inspector(model: square(0...100, 0...100))
        let outside = plan(try file("name: a, shape: {polygon: [[300, 100], [600, 100], [450, 400]]}, view: frame"))
        #expect(inspector.inspect(image(), plan: outside).verdict == .pass)
        #expect(!inspector.frameMask.pixels.contains(1))
    }

    @Test func severalPrompts_CountAsTheirHighestProbability() throws {
        // Each grid point sees its own quadrant only.
        let model = FakeModel { rect, prompt in
            let point = prompt.points[0]
            let map = LogitMap.sampled(grid: PixelSize(width: 64, height: 64)) { u, v in
                let near = abs(u * Double(rect.width) - Double(point.x)) < 20 && abs(v * Double(rect.height) - Double(point.y)) < 20
                return near ? 3 : -7
            }
            return Perception(draft: map, refined: map)
        }
        let inspector = Inspector(model: model)
        let result = inspector.inspect(image(), plan: plan(try file("name: a, shape: {box: [0, 0, 400, 400]}, prompt: grid, grid: {columns: 2, rows: 2}")))
        #expect(model.asked.map(\.count) == [4])
        #expect(result.regions.first?.defects.count == 4)
    }

    @Test func cropAndFrame_GiveTheSameDefect() throws {
        // A smooth blob, sampled finely enough that both grids see the same zero line.
        let model = FakeModel.field(grid: PixelSize(width: 160, height: 160)) { x, y in
            Float(4 - ((x - 320) * (x - 320) + (y - 240) * (y - 240)) / 400)
        }
        let inspector = Inspector(model: model)
        let crop = inspector.inspect(image(), plan: plan(try file("name: a, shape: {box: [160, 120, 480, 360]}")))
        let frame = inspector.inspect(image(), plan: plan(try file("name: a, shape: {box: [160, 120, 480, 360]}, view: frame")))
        #expect(model.displays == [PixelRect(x: 160, y: 120, width: 320, height: 240), PixelRect(x: 0, y: 0, width: 640, height: 480)])
        let a = try #require(crop.regions.first?.defects.first), b = try #require(frame.regions.first?.defects.first)
        #expect(crop.verdict == frame.verdict && crop.verdict == .fail)
        for (x, y) in zip(a.box, b.box) { #expect(abs(x - y) <= 1) }
        #expect(abs(a.areaPx - b.areaPx) < a.areaPx / 50)
        #expect(abs(a.score - b.score) < 0.01)
        #expect(abs(a.centroid[0] - b.centroid[0]) < 0.5 && abs(a.centroid[1] - b.centroid[1]) < 0.5)
    }

    @Test func frameViewRegions_ShareOneEncodingAndOneCall() throws {
        let model = square(0...1, 0...1)
        let names = (0..<6).map { "name: r\($0), shape: {box: [\($0 * 100), 0, \($0 * 100 + 90), 90]}, view: frame" }
        var text = "version: 1\ncameras:\n  cam:\n    reference_size: [640, 480]\n    regions:\n"
        for name in names { text += "      - {\(name)}\n" }
        let result = Inspector(model: model).inspect(image(), plan: plan(try RegionFile(yaml: text, name: "r")))
        #expect(model.displays.count == 1 && model.asked.map(\.count) == [6])
        #expect(result.regions.map(\.name) == (0..<6).map { "r\($0)" })
        #expect(result.encodeNs >= 0 && result.promptNs >= 0 && result.measureNs > 0)
    }

    @Test func crops_AreEncodedEach_UnlessTheyAreTheSame() throws {
        let model = square(0...1, 0...1)
        let plan = plan(try file(
            "name: a, shape: {box: [0, 0, 99, 99]}", "name: b, shape: {box: [200, 0, 299, 99]}", "name: c, shape: {box: [0, 0, 99, 99]}, prompt: auto"))
        let result = Inspector(model: model).inspect(image(), plan: plan)
        #expect(model.displays.count == 2)
        #expect(result.regions.map(\.name) == ["a", "b", "c"])
    }

    @Test func auto_PromptsEachComponentOfTheDraftAgain() throws {
        let grid = grid
        // The draft shows two squares; the first refinement misses the right one, the second question finds it.
        let model = FakeModel { rect, prompt in
            func map(_ inside: (Double) -> Bool) -> LogitMap {
                .sampled(grid: grid) { u, v in v > 0.25 && v < 0.5 && inside(u) ? 4 : -6 }
            }
            let both = map { ($0 > 0.1 && $0 < 0.3) || ($0 > 0.6 && $0 < 0.9) }
            guard let box = prompt.box, box.right - box.left < Float(rect.width) else {
                return Perception(draft: both, refined: map { $0 > 0.1 && $0 < 0.3 })
            }
            return Perception(draft: both, refined: box.left > Float(rect.width) / 2 ? map { $0 > 0.6 && $0 < 0.9 } : .flat(-6, grid: grid))
        }
        for view in ["crop", "frame"] {
            let inspector = Inspector(model: model)
            let before = model.asked.count
            let plan = plan(try file(
                "name: a, shape: {box: [100, 100, 500, 400]}, prompt: auto, view: \(view)", "name: b, shape: {box: [100, 100, 500, 400]}, view: \(view)"))
            let result = inspector.inspect(image(), plan: plan)
            let asked = model.asked[before...]
            #expect(asked.map(\.count) == [2, 2])
            let boxes = try #require(asked.last).compactMap(\.box)
            #expect(boxes.count == 2)
            if view == "crop" {
                // The larger, right one first: 0.6–0.9 of 400 across, 0.25–0.5 of 300 down.
                for (edge, expected) in zip([boxes[0].left, boxes[0].top, boxes[0].right, boxes[0].bottom], [240, 75, 360, 150] as [Float]) {
                    #expect(abs(edge - expected) <= 8)
                }
                #expect(result.regions[0].defects.count == 2, "what the first answer saw stays, the second adds")
                #expect(result.regions[1].defects.count == 1)
            }
        }
    }

    @Test func auto_WithAnEmptyDraft_KeepsItsFirstAnswer() throws {
        let model = FakeModel.constant(draft: .flat(-6), refined: .flat(2))
        let result = Inspector(model: model).inspect(image(), plan: plan(try file("name: a, shape: {frame: true}, prompt: auto")))
        #expect(model.asked.count == 1)
        #expect(result.verdict == .fail && result.regions.first?.agreement == 0)
    }

    @Test func auto_AsksAboutTheLargestOnly_AndInBoundedCalls() throws {
        let speckled = LogitMap.sampled(grid: PixelSize(width: 64, height: 64)) { u, v in
            Int(u * 64) % 4 == 1 && Int(v * 64) % 4 == 1 ? 4 : -1
        }
        let model = FakeModel.constant(draft: speckled, refined: speckled)
        var text = "version: 1\ncameras:\n  cam:\n    reference_size: [640, 480]\n    regions:\n"
        for index in 0..<6 { text += "      - {name: r\(index), shape: {frame: true}, prompt: auto}\n" }
        let result = Inspector(model: model).inspect(image(), plan: plan(try RegionFile(yaml: text, name: "r")))
        #expect(model.asked.map(\.count) == [6, 64, 32])
        #expect(result.regions.count == 6)
        #expect(result.regions.allSatisfy { $0.defectCount == 256 && $0.defects.count == RegionMeasurer.maxListedDefects })
    }

    @Test func agreement_IsTheMasksOverlapInsideTheShape() throws {
        func left(_ edge: Double) -> LogitMap { .sampled(grid: grid) { u, _ in u < edge ? 3 : -3 } }
        let inspector = Inspector(model: FakeModel.constant(draft: left(0.5), refined: left(0.25)))
        let limits = "limits: {min_agreement: 0.6, max_defects: 9}"
        let whole = inspector.inspect(image(), plan: plan(try file("name: a, shape: {frame: true}, \(limits)")))
        #expect(whole.regions.first?.agreement == 0.5 && whole.verdict == .review)
        let part = inspector.inspect(image(), plan: plan(try file("name: a, shape: {box: [0, 0, 160, 480]}, view: frame, \(limits)")))
        #expect(part.regions.first?.agreement == 1 && part.verdict == .pass)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func logitsThatAreNotFinite_AreAModelErrorAndNeverAPass(bad: Float) throws {
        let two = try file("name: good, shape: {box: [0, 0, 99, 99]}", "name: bad, shape: {box: [200, 0, 299, 99]}, prompt: auto")
        for (inDraft, cell) in [(true, 0), (false, 255), (false, 100)] {
            var values = [Float](repeating: -5, count: 256)
            values[cell] = bad
            let broken = LogitMap(size: PixelSize(width: 16, height: 16), values: values)
            let model = FakeModel { rect, _ in
                rect.x == 0 ? Perception(draft: .flat(5), refined: .flat(5))
                    : Perception(draft: inDraft ? broken : .flat(-5), refined: inDraft ? .flat(-5) : broken)
            }
            let inspector = Inspector(model: model)
            let result = inspector.inspect(image(), plan: plan(two))
            #expect(result.verdict == .uninspected && result.reason == .modelError && result.regions.isEmpty)
            #expect(result.detail == "region `bad`: the model's logits are not finite")
            #expect(!inspector.frameMask.pixels.contains(1), "nothing of a frame that counts as uninspected")

            model.answer = { _, _ in Perception(draft: .flat(-5), refined: .flat(-5)) }
            #expect(inspector.inspect(image(), plan: plan(two)).verdict == .pass, "the next frame is inspected")
        }
    }

    @Test func anExtremeButFiniteLogit_IsAProbability() throws {
        let huge = LogitMap.flat(.greatestFiniteMagnitude), low = LogitMap.flat(-.greatestFiniteMagnitude)
        let plan = plan(try file("name: a, shape: {frame: true}"))
        let high = Inspector(model: FakeModel.constant(draft: huge, refined: huge)).inspect(image(), plan: plan)
        #expect(high.regions.first?.score == 1 && high.verdict == .fail)
        let none = Inspector(model: FakeModel.constant(draft: low, refined: low)).inspect(image(), plan: plan)
        #expect(none.regions.first?.score == 0 && none.verdict == .pass)
    }

    @Test func anAnswerTooFew_IsAModelError() throws {
        final class Mute: Perceiving {
            func display(_ image: RGBImage, rect: PixelRect, where isNeeded: ((PixelRect) -> Bool)?) {}
            func ask(_ prompts: [Prompt]) -> [Perception] { [] }
        }
        let result = Inspector(model: Mute()).inspect(image(), plan: plan(try file("name: a, shape: {frame: true}")))
        #expect(result.verdict == .uninspected && result.reason == .modelError)
        #expect(result.detail == "the model gave 0 answers to 1 prompts")
    }

    @Test func limitsInMm_GiveTheSameVerdictAtEveryFrameSize() throws {
        // A blob of radius 10 reference pixels, about 314 px or 3.14 mm² at 10 px/mm.
        for (limit, expected) in [("max_area_mm2: 3.3", Verdict.pass), ("max_area_mm2: 2.9", .fail), ("min_area_mm2: 3.3", .pass), ("min_area_mm2: 2.9", .pass)] {
            let file = try file("name: a, shape: {box: [120, 90, 520, 390]}, limits: {max_defects: 1, \(limit)}", pixelsPerMm: "10")
            for scale in [1, 2, 3] {
                let s = Double(scale)
                let model = FakeModel.field(grid: PixelSize(width: 256, height: 256)) { x, y in
                    let (dx, dy) = (x / s - 320, y / s - 240)
                    return Float(4 - (dx * dx + dy * dy) / 25)
                }
                let result = Inspector(model: model).inspect(image(640 * scale, 480 * scale), plan: plan(file, 640 * scale, 480 * scale))
                #expect(result.verdict == expected, "\(limit) at \(scale)×: \(result.regions)")
                let region = try #require(result.regions.first)
                #expect(region.defectCount == (limit == "min_area_mm2: 3.3" ? 0 : 1))
                if let area = region.defects.first?.areaMm2 { #expect(abs(area - 3.14) < 0.06) }
            }
        }
    }

    @Test func frameMask_IsTheUnionOfTheRegions_AndOfThisFrameOnly() throws {
        let model = square(0...640, 0...480)
        let inspector = Inspector(model: model)
        let plan = plan(try file("name: a, shape: {box: [0, 0, 100, 100]}", "name: b, shape: {box: [50, 50, 150, 150]}"))
        _ = inspector.inspect(image(), plan: plan)
        #expect(inspector.frameMask.pixels.reduce(0) { $0 + Int($1) } == 2 * 10_000 - 2_500)
        model.answer = { _, _ in Perception(draft: .flat(-1), refined: .flat(-1)) }
        _ = inspector.inspect(image(), plan: plan)
        #expect(!inspector.frameMask.pixels.contains(1))
    }

    @Test func framesOfOtherSizesInBetween_ChangeNothing() throws {
        let file = try file("name: a, shape: {ellipse: [300, 200, 200, 100]}, prompt: auto", "name: b, shape: {frame: true}, view: frame, prompt: grid")
        let model = FakeModel.field(grid: PixelSize(width: 48, height: 48)) { x, y in Float(3 - abs(x - 300) / 40 - abs(y - 200) / 30) }
        let inspector = Inspector(model: model)
        func results(_ inspector: Inspector) -> [RegionResult] { inspector.inspect(image(), plan: plan(file)).regions }
        let first = results(inspector)
        _ = inspector.inspect(image(320, 200), plan: plan(file, 320, 200))
        _ = inspector.inspect(image(1000, 900), plan: plan(file, 1000, 900))
        #expect(results(inspector) == first)
        #expect(results(Inspector(model: model)) == first)
    }
}
