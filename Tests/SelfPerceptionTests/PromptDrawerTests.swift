import Foundation
import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception

struct PromptDrawerTests {
    private let layout = InputLayout(side: 128, resize: .longestSide)
    private let picture = PixelSize(width: 200, height: 150)

    private var placement: Placement { Placement(AugmentationDraw(), picture: picture, layout: layout) }

    /// Columns 40…59, rows 30…39 and one pixel at (100, 80).
    private var truth: BinaryMask {
        var truth = BinaryMask(width: 128, height: 128)
        for y in 30..<40 { for x in 40..<60 { truth[x, y] = true } }
        truth[100, 80] = true
        return truth
    }

    private func drawer(_ change: (inout PromptSettings) -> Void) -> PromptDrawer {
        var settings = PromptSettings()
        change(&settings)
        return PromptDrawer(settings: settings, seed: 6)
    }

    @Test func box_IsTight() throws {
        let drawn = drawer { $0.points = 0 }(truth, placement, step: 0)
        let box = Prompt.Box(left: 40, top: 30, right: 100, bottom: 80)
        #expect(drawn == DrawnPrompt(prompt: Prompt(box: box), asksForNothing: false, region: box))
    }

    @Test func box_JitteredAndLooseStaysInThePicture() throws {
        let drawer = drawer {
            $0.points = 0
            $0.boxJitter = 0.2
            $0.mostJitter = 9
            $0.looseness = 0...0.5
        }
        var boxes: Set<Prompt.Box> = []
        for step in 0..<300 {
            let box = try #require(drawer(truth, placement, step: step).prompt.box)
            boxes.insert(box)
            #expect(box.left >= 0 && box.top >= 0 && box.right <= 128 && box.bottom <= 96 && box.left < box.right && box.top < box.bottom)
            // At most a quarter of the side loose, and the jitter: 60 · 0.25 + 9 and 50 · 0.25 + 9.
            #expect(abs(box.left - 40) <= 24 && abs(box.right - 100) <= 24 && abs(box.top - 30) <= 21.5 && abs(box.bottom - 80) <= 21.5)
        }
        #expect(boxes.count > 290)
    }

    @Test func someLooseBoxes_AreTightAllTheSame() throws {
        let drawer = drawer {
            $0.points = 0
            $0.looseness = 0.2...0.5
            $0.tightBoxes = 0.6
        }
        let boxes = try (0..<500).map { try #require(drawer(truth, placement, step: $0).prompt.box) }
        let tight = boxes.filter { $0 == Prompt.Box(left: 40, top: 30, right: 100, bottom: 80) }
        #expect(abs(tight.count - 300) < 50)
    }

    @Test func points_LieOnTheDefect() throws {
        let drawer = drawer { $0.box = 0 }
        var counts: Set<Int> = []
        for step in 0..<200 {
            let prompt = drawer(truth, placement, step: step).prompt
            counts.insert(prompt.points.count)
            #expect(prompt.box == nil)
            for point in prompt.points { #expect(truth[Int(point.x), Int(point.y)] && point.label == .foreground) }
        }
        #expect(counts == Set(1...10))
    }

    @Test func kinds_ComeAsOftenAsAsked() throws {
        let drawer = drawer {
            ($0.box, $0.points, $0.mixed, $0.whole) = (1, 2, 1, 4)
        }
        var counts = [0, 0, 0, 0]
        for step in 0..<4000 {
            let prompt = drawer(truth, placement, step: step).prompt
            counts[prompt.box == placement.whole ? 3 : prompt.box == nil ? 1 : prompt.points.isEmpty ? 0 : 2] += 1
        }
        // Four standard deviations of a binomial are at most 126.
        for (count, expected) in zip(counts, [500, 1000, 500, 2000]) { #expect(abs(count - expected) < 126) }
    }

    @Test func goodPart_IsAskedForNothing() throws {
        let region = PromptSettings.RelativeBox(left: 0.5, top: 0, right: 1, bottom: 0.5)
        let drawer = drawer {
            $0.goodRegion = 1
            $0.regions = [region]
        }
        let none = BinaryMask(width: 128, height: 128)
        var whole = 0, regions = 0
        for step in 0..<300 {
            let drawn = drawer(none, placement, step: step), box = try #require(drawn.prompt.box)
            #expect(drawn.asksForNothing && box.right <= 128 && box.bottom <= 96 && box.left < box.right && box.top < box.bottom)
            if box == placement.whole { whole += 1 }
            if box == Prompt.Box(left: 64, top: 0, right: 128, bottom: 48) { regions += 1 }
        }
        #expect(whole > 60 && whole < 140 && regions > 60 && regions < 140)
        #expect(placement.whole == Prompt.Box(left: 0, top: 0, right: 128, bottom: 96))
    }

    @Test func emptyBox_HoldsNoDefect() throws {
        let drawer = drawer { $0.emptyBoxes = 1 }
        var empty = 0
        for step in 0..<300 {
            let drawn = drawer(truth, placement, step: step)
            guard drawn.asksForNothing else { continue }
            empty += 1
            let box = try #require(drawn.prompt.box)
            for y in Int(box.top)...Int(box.bottom) { for x in Int(box.left)...Int(box.right) where x < 128 && y < 128 { #expect(!truth[x, y]) } }
        }
        #expect(empty > 280)
        // A defect that is everywhere leaves no room for one.
        var full = BinaryMask(width: 128, height: 128)
        for index in full.pixels.indices { full.pixels[index] = 1 }
        #expect(!drawer(full, placement, step: 0).asksForNothing)
    }

    @Test func step_DependsOnItsNumberAndTheSeedAlone() {
        let drawer = PromptDrawer(settings: .line, seed: 6)
        let forwards = (0..<20).map { drawer(truth, placement, step: $0) }
        #expect((0..<20).reversed().map { drawer(truth, placement, step: $0) } == forwards.reversed())
        #expect(PromptDrawer(settings: .line, seed: 7)(truth, placement, step: 0) != forwards[0])
    }

    @Test func settings_NameWhatIsWrong() throws {
        #expect(PromptSettings().problem == nil && PromptSettings.line.problem == nil)
        for change: (inout PromptSettings) -> Void in [
            { ($0.box, $0.points) = (0, 0) }, { $0.box = -1 }, { $0.goodRegion = 1 }, { $0.pointCount = 0...3 }, { $0.boxJitter = .nan }, { $0.emptyBoxes = 2 },
            { $0.regions = [.init(left: 0.5, top: 0, right: 0.5, bottom: 1)] }, { ($0.goodBox, $0.goodWhole) = (0, 0) }, { $0.looseness = 0...99 },
            { $0.randomSide = 0...1 }, { $0.mostJitter = -1 }, { $0.tightBoxes = 1.5 },
        ] {
            var settings = PromptSettings()
            change(&settings)
            #expect(settings.problem != nil)
        }
        #expect(try JSONDecoder().decode(PromptSettings.self, from: JSONEncoder().encode(PromptSettings.line)) == .line)
    }
}

struct PaintedDefectsTests {
    private func part() -> RGBImage {
        let image = RGBImage(width: 220, height: 160)
        _ = SyntheticLine(seed: 2, size: image.size, defectRate: 0).part(0, into: image)
        return image
    }

    @Test func truth_MarksWhatWasPainted() {
        let good = part(), painted = PaintedDefects(seed: 5)
        for step in 0..<30 {
            let image = part(), truth = painted.paint(on: image, step: step)
            #expect(truth.size == image.size && truth.area > 0)
            var changed = 0
            for pixel in truth.pixels.indices where truth.pixels[pixel] == 1 {
                if (0..<3).contains(where: { image.bytes[3 * pixel + $0] != good.bytes[3 * pixel + $0] }) { changed += 1 }
            }
            #expect(Double(changed) > 0.95 * Double(truth.area), "step \(step)")
        }
    }

    @Test func step_DependsOnItsNumberAndTheSeedAlone() {
        let one = part(), other = part(), painted = PaintedDefects(seed: 5)
        let truth = painted.paint(on: one, step: 17)
        _ = painted.paint(on: part(), step: 3)
        #expect(painted.paint(on: other, step: 17) == truth && Array(one.bytes) == Array(other.bytes))
        #expect(PaintedDefects(seed: 6).paint(on: part(), step: 17) != truth)
    }
}
