import Imaging
import SegmentAnything
import SelfPerception
import Testing
@testable import Inspection

/// A model that pads its input: the mask grid covers the displayed picture and, at right or bottom, what is no picture.
@Suite struct LetterboxTests {
    private let layout = InputLayout(side: 256, resize: .longestSide)
    private let grid = PixelSize(width: 64, height: 64)

    /// A field of the frame's coordinates, sampled on the padded grid.
    private func model(padding: Float = -6, _ logit: @escaping (_ x: Double, _ y: Double) -> Float) -> FakeModel {
        let (layout, grid) = (layout, grid)
        return FakeModel { rect, _ in
            let content = layout.content(of: rect.size)
            let plain = LogitMap.sampled(grid: grid) { u, v in
                let x = u * 256 / Double(content.width), y = v * 256 / Double(content.height)
                guard x < 1, y < 1 else { return padding }
                return logit(Double(rect.x) + x * Double(rect.width), Double(rect.y) + y * Double(rect.height))
            }
            let map = LogitMap(size: grid, values: plain.values, layout: layout)
            return Perception(draft: map, refined: map, draftIoU: 0.5, refinedIoU: 0.75)
        }
    }

    @Test(arguments: [(640, 480), (300, 600), (1200, 160)])
    func defect_IsFoundWhereItIs_InAPictureOfAnyShape(_ width: Int, _ height: Int) throws {
        // 40% to 60% of both sides.
        let (w, h) = (Double(width), Double(height))
        let model = model { x, y in abs(x / w - 0.5) < 0.1 && abs(y / h - 0.5) < 0.1 ? 4 : -6 }
        for view in ["frame", "crop"] {
            let inspector = Inspector(model: model)
            let plan = plan(try file("name: a, shape: {frame: true}, view: \(view)", size: "[\(width), \(height)]"), width, height)
            let result = inspector.inspect(image(width, height), plan: plan)
            let region = try #require(result.regions.first)
            let defect = try #require(region.defects.first)
            // A cell measures 1/64 of the longest side; the edge lies between the centres of the cells on both sides.
            let cell = max(w, h) / 64 + 1
            for (edge, expected) in zip(defect.box, [0.4 * w, 0.4 * h, 0.2 * w, 0.2 * h]) {
                #expect(abs(Double(edge) - expected) <= 2 * cell, "\(defect.box)")
            }
            #expect(abs(defect.centroid[0] - w / 2) < cell && abs(defect.centroid[1] - h / 2) < cell)
            #expect(region.score > 0.9 && region.defects.count == 1)
            #expect(result.predictedIoU == ["a": 0.75])
        }
    }

    @Test(arguments: [(640, 480), (300, 600), (1200, 160)])
    func padding_IsNeverJudged(_ width: Int, _ height: Int) throws {
        // The padding says "defect" at the top of its voice.
        let inspector = Inspector(model: model(padding: 30) { _, _ in -6 })
        let plan = plan(
            try file(
                "name: whole, shape: {frame: true}, view: frame", "name: auto, shape: {frame: true}, prompt: auto, view: frame",
                "name: corner, shape: {box: [\(width / 2), \(height / 2), \(width - 30), \(height - 30)]}, view: frame",
                size: "[\(width), \(height)]"), width, height)
        let result = inspector.inspect(image(width, height), plan: plan)
        for region in result.regions {
            #expect(abs(region.score - Double(sigmoid(-6))) < 1e-6, "\(region.name)")
            #expect(region.agreement == 1)
        }
        // The published resize mixes the last cells with the padding; the picture's last cell along the padded edge may show it.
        let bottom = width > height
        var far = 0
        for y in 0..<height {
            for x in 0..<width where inspector.frameMask[x, y] {
                if bottom ? y < height - width / 64 - 1 : x < width - height / 64 - 1 { far += 1 }
            }
        }
        #expect(far == 0, "\(far) pixels away from the padded edge")
    }

    @Test func regionScores_AreOfTheirOwnCells() throws {
        // Logit rises from left to right over a wide frame: 0 at its left edge, 6 at its right.
        let inspector = Inspector(model: model { x, _ in Float(x / 100) })
        let plan = plan(
            try file(
                "name: left, shape: {box: [0, 0, 100, 200]}, view: frame", "name: right, shape: {box: [500, 0, 600, 200]}, view: frame",
                size: "[600, 200]"), 600, 200)
        let regions = inspector.inspect(image(600, 200), plan: plan).regions
        // 200 rows are 85 pixels of the input or 21 cells: the 20 highest lie in the region's last column.
        let cell = 600.0 / 64
        #expect(abs(regions[0].score - Double(sigmoid(Float((10.5 * cell) / 100)))) < 0.03)
        #expect(abs(regions[1].score - Double(sigmoid(Float((63.5 * cell) / 100)))) < 0.001)
        #expect(regions[0].score < 0.8 && regions[1].score > 0.99)
    }

    @Test func projection_IsTheModelsOwnMask() {
        var random = Seeded(31)
        let map = LogitMap(size: grid, values: (0..<grid.area).map { _ in .random(in: -4...3, using: &random) }, layout: layout)
        let frame = PixelRect(x: 0, y: 0, width: 333, height: 120)
        var projector = MaskProjector(), mine = BinaryMask(), theirs = BinaryMask()
        projector.aim(grid: grid, layout: layout, displayed: frame, window: frame)
        projector.project(map.values, within: ShapeSpans(.frame, bounds: frame), into: &mine)
        map.mask(at: frame.size, into: &theirs)
        #expect(mine == theirs)
        #expect(mine.pixels.contains(1) && mine.pixels.contains(0))
    }

    @Test func onePrompt_AsksAboutTheWholePicture() throws {
        let model = model { x, _ in x > 500 ? 4 : -6 }, inspector = Inspector(model: model)
        let prompt = Prompt(points: [.init(x: 20, y: 30)], box: .init(left: 10, top: 10, right: 100, bottom: 100))
        let result = inspector.inspect(image(), plan: InspectionPlan(asking: prompt, frame: PixelSize(width: 640, height: 480)))
        #expect(model.displays == [PixelRect(x: 0, y: 0, width: 640, height: 480)] && model.asked == [[prompt]])
        // What the model finds counts outside the box too.
        #expect(result.verdict == .fail && inspector.frameMask[600, 240] && !inspector.frameMask[400, 240])
    }
}
