import Imaging
import Testing
@testable import SegmentAnything
@testable import Tensor

struct DisplayGeometryTests {
    /// Sizes are those of segment-anything's `ResizeLongestSide.get_preprocess_shape`.
    @Test(arguments: [
        (1500, 2250, 683, 1024), (2250, 1500, 1024, 683), (640, 480, 1024, 768), (1023, 77, 1024, 77), (3, 2, 1024, 683),
        (1024, 1024, 1024, 1024), (16384, 5, 1024, 1),
    ])
    func content_IsTheLongestSidesScale_Rounded(_ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int) {
        let layout = InputLayout(side: 1024, resize: .longestSide)
        #expect(layout.content(of: PixelSize(width: width, height: height)) == PixelSize(width: toWidth, height: toHeight))
        let stretched = InputLayout(side: 1024, resize: .stretch).content(of: PixelSize(width: width, height: height))
        #expect(stretched == PixelSize(width: 1024, height: 1024))
    }

    @Test func prompts_AreScaledAlongEachAxis() {
        let geometry = InputLayout(side: 100, resize: .longestSide).geometry(of: PixelSize(width: 3, height: 400))
        let prompt = geometry.toInput(Prompt(points: [.init(x: 1.5, y: 200)], box: .init(left: 0, top: 100, right: 3, bottom: 400)))
        // 0.75 of a pixel becomes 1, so x is scaled by 1/3 and y by 1/4.
        #expect(prompt == Prompt(points: [.init(x: 0.5, y: 50)], box: .init(left: 0, top: 25, right: 1, bottom: 100)))
    }

    /// The two published steps one after the other, in Float as PyTorch takes them.
    private func twoSteps(_ values: [Float], grid: Int, side: Int, content: PixelSize, picture: PixelSize) -> [Float] {
        func resize(_ values: [Float], _ from: PixelSize, stride: Int, to: PixelSize) -> [Float] {
            let scratch = Tensor(rows: RowResizer.scratch(width: to.width, channels: 1), columns: 1)
            var resizer = RowResizer(
                horizontal: ResizeTaps(source: from.width, target: to.width),
                vertical: ResizeTaps(source: from.height, target: to.height), channels: 1, scratch: scratch.pointer)
            let result = Tensor(rows: to.height, columns: to.width)
            for y in 0..<to.height { resizer.row(y, into: result.pointer + y * to.width) { values[$0 * stride + $1] } }
            return Array(result.buffer)
        }
        let square = PixelSize(width: side, height: side)
        let large = resize(values, PixelSize(width: grid, height: grid), stride: grid, to: square)
        return resize(large, content, stride: side, to: picture)
    }

    @Test(arguments: [(16, 64, 50, 31), (16, 64, 200, 77), (16, 64, 9, 200), (64, 64, 33, 20), (8, 64, 1, 300), (48, 64, 64, 64)])
    func taps_AreTheTwoPublishedSteps_InOne(_ grid: Int, _ side: Int, _ width: Int, _ height: Int) {
        var seed: UInt32 = 5
        let values = (0..<grid * grid).map { _ in
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return Float(seed >> 8) / Float(1 << 22) - 2
        }
        let picture = PixelSize(width: width, height: height)
        let geometry = InputLayout(side: side, resize: .longestSide).geometry(of: picture)
        let expected = twoSteps(values, grid: grid, side: side, content: geometry.content, picture: picture)
        let size = PixelSize(width: grid, height: grid)
        let columns = geometry.columns(grid: size), rows = geometry.rows(grid: size)
        func mix(_ tap: MaskAxis.Tap, _ value: (Int32) -> Float) -> Float {
            value(tap.low) * tap.lowWeight + value(tap.middle) * tap.middleWeight + value(tap.high) * tap.highWeight
        }
        var worst: Float = 0
        for y in 0..<height {
            for x in 0..<width {
                let logit = mix(rows.tap(y)) { row in mix(columns.tap(x)) { values[Int(row) * grid + Int($0)] } }
                worst = max(worst, abs(logit - expected[y * width + x]))
            }
        }
        // Values up to 2, positions of up to 300 pixels in Float: a few units of the last place of 300, as weights.
        #expect(worst < 4e-4, "max |Δ| \(worst)")
    }

    @Test(arguments: [(300, 190), (190, 300), (64, 64), (1000, 3)])
    func cells_LieUnderTheirPixels_AndNotInThePadding(_ width: Int, _ height: Int) {
        let picture = PixelSize(width: width, height: height), grid = PixelSize(width: 64, height: 64)
        let geometry = InputLayout(side: 256, resize: .longestSide).geometry(of: picture)
        for axis in [geometry.columns(grid: grid), geometry.rows(grid: grid)] {
            let content = axis.length == width ? geometry.content.width : geometry.content.height
            for cell in 0..<64 {
                // A cell is 4 pixels of the input; its centre lies 2 into it.
                let centre = 4 * cell + 2
                let expected = centre < content ? centre * axis.length / content : nil
                #expect(axis.pixel(underCell: cell) == expected)
                #expect((cell < axis.coveredCells) == (expected != nil || cell == 0))
            }
            for pixel in 0..<axis.length { #expect(axis.cell(over: pixel) == pixel * content / (axis.length * 4)) }
        }
    }
}
