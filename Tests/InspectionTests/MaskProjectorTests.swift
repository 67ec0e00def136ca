import Imaging
import SegmentAnything
import SelfPerception
import Testing
@testable import Inspection

@Suite struct MaskProjectorTests {
    private func random(_ grid: PixelSize, seed: UInt64) -> LogitMap {
        var random = Seeded(seed)
        return LogitMap(size: grid, values: (0..<grid.area).map { _ in .random(in: -4...3, using: &random) })
    }

    /// The formula, in Double, one pixel at a time.
    private func logit(_ map: LogitMap, _ x: Int, _ y: Int, _ target: PixelSize) -> Double {
        func tap(_ i: Int, _ n: Int, _ g: Int) -> (Int, Int, Double) {
            let source = max(0, (Double(i) + 0.5) * Double(g) / Double(n) - 0.5)
            let low = min(Int(source), g - 1)
            return (low, min(low + 1, g - 1), source - Double(low))
        }
        let (x0, x1, u) = tap(x, target.width, map.size.width), (y0, y1, v) = tap(y, target.height, map.size.height)
        func at(_ x: Int, _ y: Int) -> Double { Double(map.values[y * map.size.width + x]) }
        return (at(x0, y0) * (1 - u) + at(x1, y0) * u) * (1 - v) + (at(x0, y1) * (1 - u) + at(x1, y1) * u) * v
    }

    @Test(arguments: [(16, 16, 64, 48), (32, 32, 100, 77), (16, 16, 9, 7), (8, 4, 1, 1), (1, 1, 5, 5)])
    func maskAndProbabilities_FollowTheFormula(gridWidth: Int, gridHeight: Int, width: Int, height: Int) {
        let map = random(PixelSize(width: gridWidth, height: gridHeight), seed: 7)
        let displayed = PixelRect(x: 30, y: 20, width: width, height: height)
        var projector = MaskProjector(), mask = BinaryMask()
        for window in [displayed, PixelRect(x: 30 + width / 3, y: 20 + height / 2, width: max(1, width / 2), height: max(1, height / 3))] {
            projector.aim(grid: map.size, layout: map.layout, displayed: displayed, window: window)
            projector.project(map.values, within: ShapeSpans(.frame, bounds: window), into: &mask)
            for y in 0..<window.height {
                for x in 0..<window.width {
                    let expected = logit(map, x + window.x - 30, y + window.y - 20, displayed.size)
                    // Float's rounding may decide where the logit is nothing.
                    if abs(expected) > 1e-4 { #expect(mask[x, y] == (expected > 0)) }
                    let probability = map.values.withUnsafeBufferPointer { projector.probability(of: $0, columns: x..<(x + 1), row: y) }
                    #expect(abs(probability - Double(sigmoid(Float(expected)))) < 1e-5)
                }
            }
        }
    }

    @Test func wholeWindow_IsTheModelsOwnMask() {
        let map = random(PixelSize(width: 32, height: 32), seed: 8)
        let frame = PixelRect(x: 0, y: 0, width: 160, height: 120)
        var projector = MaskProjector(), mine = BinaryMask(), theirs = BinaryMask()
        projector.aim(grid: map.size, layout: map.layout, displayed: frame, window: frame)
        projector.project(map.values, within: ShapeSpans(.frame, bounds: frame), into: &mine)
        map.mask(at: frame.size, into: &theirs)
        let different = zip(mine.pixels, theirs.pixels).count { $0 != $1 }
        #expect(different <= 2, "only where the logit is nothing may rounding decide: \(different)")
        #expect(mine.pixels.contains(1) && mine.pixels.contains(0))
    }

    @Test func outsideTheShape_NothingIsSet() {
        let frame = PixelRect(x: 0, y: 0, width: 100, height: 100)
        let spans = ShapeSpans(.ellipse(cx: 50, cy: 50, rx: 30, ry: 20), bounds: frame)
        var projector = MaskProjector(), mask = BinaryMask()
        projector.aim(grid: PixelSize(width: 8, height: 8), layout: InputLayout(side: 32, resize: .stretch), displayed: frame, window: frame)
        projector.project([Float](repeating: 3, count: 64), within: spans, into: &mask)
        #expect(mask.pixels.reduce(0) { $0 + Int($1) } == spans.area)
        for y in 0..<100 { for x in 0..<100 { #expect(mask[x, y] == spans.contains(x: x, y: y)) } }
    }
}
