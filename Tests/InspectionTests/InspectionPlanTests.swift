import Imaging
import SegmentAnything
import Testing
@testable import Inspection

@Suite struct InspectionPlanTests {
    @Test func cropOfABox_IsPromptedWhole() throws {
        let region = try #require(plan(file("name: a, shape: {box: [40, 60, 600, 420]}")).regions.first)
        #expect(region.displayed == PixelRect(x: 40, y: 60, width: 560, height: 360))
        #expect(region.prompts == [Prompt(box: .init(left: 0, top: 0, right: 560, bottom: 360))])
    }

    @Test func frameView_IsPromptedInFramePixels() throws {
        let region = try #require(plan(file("name: a, shape: {box: [40, 60, 600, 420]}, view: frame")).regions.first)
        #expect(region.displayed == PixelRect(x: 0, y: 0, width: 640, height: 480))
        #expect(region.prompts == [Prompt(box: .init(left: 40, top: 60, right: 600, bottom: 420))])
    }

    @Test func fractionalShapes_AreWidenedToWholePixels() throws {
        let region = try #require(plan(file("name: a, shape: {box: [10.25, 20.5, 30.75, 40]}")).regions.first)
        #expect(region.displayed == PixelRect(x: 10, y: 20, width: 21, height: 20))
        #expect(region.prompts == [Prompt(box: .init(left: 0.25, top: 0.5, right: 20.75, bottom: 20))])
    }

    @Test func points_AreOneQuestion_WithOrWithoutTheBox() throws {
        let points = "points: [[50, 70, 1], [60, 80, 0]]"
        let alone = try #require(plan(file("name: a, shape: {box: [40, 60, 600, 420]}, prompt: points, \(points)")).regions.first)
        let moved = [Prompt.Point(x: 10, y: 10), Prompt.Point(x: 20, y: 20, label: .background)]
        #expect(alone.prompts == [Prompt(points: moved)])
        let both = try #require(plan(file("name: a, shape: {box: [40, 60, 600, 420]}, \(points)")).regions.first)
        #expect(both.prompts == [Prompt(points: moved, box: .init(left: 0, top: 0, right: 560, bottom: 360))])
    }

    @Test func grid_AsksEveryPointInsideTheShape() throws {
        let all = try #require(plan(file("name: a, shape: {box: [0, 0, 80, 40]}, prompt: grid, grid: {columns: 4, rows: 2}")).regions.first)
        #expect(all.prompts.count == 8)
        #expect(all.prompts.first == Prompt(points: [.init(x: 10, y: 10)]))
        #expect(all.prompts.last == Prompt(points: [.init(x: 70, y: 30)]))
        let round = try #require(plan(file("name: a, shape: {ellipse: [100, 100, 50, 50]}, prompt: grid")).regions.first)
        #expect(round.prompts.count == 12, "the four corners of 4×4 lie outside the circle")
    }

    @Test func auto_BeginsWithTheBox() throws {
        let region = try #require(plan(file("name: a, shape: {box: [40, 60, 600, 420]}, prompt: auto")).regions.first)
        #expect(region.prompts == [Prompt(box: .init(left: 0, top: 0, right: 560, bottom: 360))])
    }

    @Test func twiceTheReferenceSize_DoublesEverything() throws {
        let file = try file(
            "name: a, shape: {box: [40, 60, 600, 420]}, view: frame, points: [[50, 70, 1]], limits: {min_area_px: 12, max_area_mm2: 0.3}",
            "name: b, shape: {polygon: [[10, 10], [110, 20], [60, 90]]}, prompt: grid",
            "name: c, shape: {ellipse: [300, 200, 50, 20]}", pixelsPerMm: "12.5")
        let once = plan(file), twice = plan(file, 1280, 960)
        for (a, b) in zip(once.regions, twice.regions) {
            for (small, large) in [(a.displayed, b.displayed), (a.spans.bounds, b.spans.bounds)] {
                #expect(large == PixelRect(x: small.x * 2, y: small.y * 2, width: small.width * 2, height: small.height * 2))
            }
            #expect(a.prompts.count == b.prompts.count)
            for (p, q) in zip(a.prompts, b.prompts) {
                #expect(q.points == p.points.map { .init(x: $0.x * 2, y: $0.y * 2, label: $0.label) })
                #expect(q.box == p.box.map { .init(left: $0.left * 2, top: $0.top * 2, right: $0.right * 2, bottom: $0.bottom * 2) })
            }
            #expect(b.limits.minAreaPx == a.limits.minAreaPx * 4)
            #expect(b.limits.maxAreaPx == a.limits.maxAreaPx.map { $0 * 4 })
            #expect(b.limits.areaMm2(400) == a.limits.areaMm2(100))
        }
        #expect(once.regions[0].limits.maxAreaPx == 0.3 * 12.5 * 12.5)
    }

    @Test func unequalScales_ScaleAreasByTheirProduct() throws {
        let file = try file("name: a, shape: {box: [0, 0, 320, 240]}, limits: {min_area_px: 10}", pixelsPerMm: "10")
        let region = try #require(plan(file, 1280, 1440).regions.first)
        #expect(region.displayed == PixelRect(x: 0, y: 0, width: 640, height: 720))
        #expect(region.limits.minAreaPx == 60)
        #expect(region.limits.areaMm2(600) == 1)
    }

    @Test func tinyFrames_KeepOnePixelOfEveryRegion() throws {
        let file = try file("name: a, shape: {box: [40, 60, 42, 62]}", "name: b, shape: {ellipse: [639, 479, 1, 1]}, prompt: grid")
        for (width, height) in [(1, 1), (3, 2), (64, 48)] {
            let plan = plan(file, width, height)
            let cells = plan.cells(of: PixelSize(width: 16, height: 16), layout: InputLayout(side: 64, resize: .stretch)).cells
            #expect(cells.allSatisfy { !$0.isEmpty })
            for region in plan.regions {
                #expect(region.spans.area > 0 && !region.prompts.isEmpty)
                #expect(region.displayed.intersection(PixelRect(x: 0, y: 0, width: width, height: height)) == region.displayed)
            }
        }
    }

    @Test func cells_AreThoseWhoseCentresLieInside() throws {
        let file = try file("name: a, shape: {box: [160, 120, 480, 360]}, view: frame", "name: b, shape: {box: [1, 1, 3, 3]}, view: frame")
        let cells = plan(file).cells(of: PixelSize(width: 16, height: 16), layout: InputLayout(side: 64, resize: .stretch)).cells
        let expected = (4..<12).flatMap { row in (4..<12).map { Int32(row * 16 + $0) } }
        #expect(cells[0] == expected)
        #expect(cells[1] == [0], "smaller than a cell: the cell that covers it")
    }

    @Test func regionsOfOneRectangle_ShareIt_AndCallsAreBounded() throws {
        let grid = "prompt: grid, grid: {columns: 8, rows: 8}, view: frame"
        let file = try file(
            "name: a, shape: {box: [0, 0, 100, 100]}", "name: b, shape: {frame: true}, view: frame",
            "name: c, shape: {ellipse: [50, 50, 50, 50]}", "name: d, shape: {box: [9, 9, 99, 99]}, \(grid)",
            "name: e, shape: {box: [9, 9, 99, 99]}, \(grid)", "name: f, shape: {frame: true}")
        let groups = plan(file).groups
        #expect(groups.map(\.rect) == [PixelRect(x: 0, y: 0, width: 100, height: 100), PixelRect(x: 0, y: 0, width: 640, height: 480)])
        #expect(groups[0].batches.map { $0.members.map(\.region) } == [[0, 2]])
        #expect(groups[1].batches.map { $0.members.map(\.region) } == [[1], [3], [4], [5]])
        #expect(groups[1].batches.allSatisfy { $0.prompts.count <= DisplayGroup.maxPrompts })
    }

    @Test func explanation_NamesRectanglePromptsAndLimits() throws {
        let file = try file(
            "name: seal, shape: {box: [40, 60, 600, 420]}, points: [[50, 70, 1]], limits: {min_area_px: 12, max_area_mm2: 0.3}",
            "name: all, shape: {frame: true}, prompt: auto", pixelsPerMm: "10")
        let text = plan(file, 1280, 960).explanation().joined(separator: "\n")
        for part in [
            "camera `cam`, frame 1280×960, drawn on 640×480: 2 regions, 2 encodings a frame", "region `seal` (box, 806400 px)",
            "view crop: encodes 1120×720 at 80,120", "prompt 1 of 1: box 0,0 – 1120,720 + foreground point 20,20",
            "min_area 12 px = 48 px here, max_area 0.3 mm² = 120 px here, min_agreement none", "region `all` (whole frame",
            "tight box around each component",
        ] {
            #expect(text.contains(part), "\(part) in:\n\(text)")
        }
        #expect(plan(file, 1280, 480).explanation().contains { $0.hasPrefix("warning: the frame's aspect differs") })
        #expect(!text.contains("warning"))
    }

    @Test func outlines_FollowTheShapes() throws {
        let file = try file("name: a, shape: {box: [10, 20, 30, 40]}", "name: b, shape: {ellipse: [100, 100, 50, 20]}", "name: c, shape: {frame: true}")
        let outlines = plan(file, 1280, 960).outlines
        #expect(outlines.map(\.name) == ["a", "b", "c"])
        #expect(outlines[0].points.map { [$0.x, $0.y] } == [[20, 40], [60, 40], [60, 80], [20, 80]])
        for point in outlines[1].points {
            let (u, v) = ((point.x - 200) / 100, (point.y - 200) / 40)
            #expect(abs(u * u + v * v - 1) < 1e-9)
        }
        #expect(outlines[2].points.map(\.x).max() == 1280)
    }
}
