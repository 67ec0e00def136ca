import Testing
@testable import Tensor

/// Values in `expected` are those of PyTorch 2's `interpolate(mode="bilinear", align_corners=False)`.
struct BilinearResizeTests {
    func resize(_ values: [Float], _ height: Int, _ width: Int, to target: (Int, Int), channels: Int = 1) -> [Float] {
        let (rows, columns) = target
        let scratch = Tensor(rows: RowResizer.scratch(width: columns, channels: channels), columns: 1)
        var resizer = RowResizer(
            horizontal: ResizeTaps(source: width, target: columns), vertical: ResizeTaps(source: height, target: rows),
            channels: channels, scratch: scratch.pointer)
        let result = Tensor(rows: rows, columns: columns * channels)
        for y in 0..<rows {
            resizer.row(y, into: result.pointer + y * columns * channels) { values[$0 * width * channels + $1] }
        }
        return result.values
    }

    @Test func enlarging_MatchesPyTorch() {
        expectClose(
            resize([0, 1, 2, 3], 2, 2, to: (4, 4)),
            [0, 0.25, 0.75, 1, 0.5, 0.75, 1.25, 1.5, 1.5, 1.75, 2.25, 2.5, 2, 2.25, 2.75, 3], within: 1e-6)
    }

    @Test func shrinking_TakesTwoNeighboursOnly() {
        // 6 → 2 without antialiasing: source positions 1 and 4.
        expectClose(resize([0, 10, 20, 30, 40, 50], 1, 6, to: (1, 2)), [10, 40], within: 1e-6)
    }

    @Test(arguments: [(1, 1), (3, 5), (7, 2), (40, 64)])
    func constant_StaysConstant_AndSameSizeIsIdentity(_ size: (Int, Int)) {
        #expect(resize([Float](repeating: 3, count: 12), 3, 4, to: size).allSatisfy { abs($0 - 3) < 1e-6 })
        var noise = Noise(23)
        let values = noise.tensor(size.0, size.1).values
        #expect(resize(values, size.0, size.1, to: size) == values)
    }

    @Test func channels_AreResizedApart() {
        var noise = Noise(29)
        let values = noise.tensor(5, 12).values
        let together = resize(values, 5, 4, to: (9, 7), channels: 3)
        for channel in 0..<3 {
            let alone = resize(stride(from: channel, to: 60, by: 3).map { values[$0] }, 5, 4, to: (9, 7))
            #expect(stride(from: channel, to: together.count, by: 3).map { together[$0] } == alone)
        }
    }
}
