/// The rows of Floats that drawing one row of a surface needs, in one block; a picture's worth is never held.
final class RowBuffers {
    private let block: UnsafeMutableBufferPointer<Float>
    /// Light by column from the part's curvature alone.
    let falloff: UnsafeMutableBufferPointer<Float>
    /// The state of the long and short grinding marks, by column.
    let long, short: UnsafeMutableBufferPointer<Float>
    /// This row's random steps: one column more than the picture, since marks blend neighbours.
    let longSteps, shortSteps, noise: UnsafeMutableBufferPointer<Float>
    let light, glow, gray: UnsafeMutableBufferPointer<Float>

    init(width: Int) {
        let stride = width + 1
        let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: 9 * stride)
        block.initialize(repeating: 0)
        func row(_ index: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
            UnsafeMutableBufferPointer(rebasing: block[(index * stride)..<(index * stride + count)])
        }
        self.block = block
        falloff = row(0, count: width)
        long = row(1, count: width)
        short = row(2, count: width)
        longSteps = row(3, count: stride)
        shortSteps = row(4, count: stride)
        noise = row(5, count: stride)
        light = row(6, count: width)
        glow = row(7, count: width)
        gray = row(8, count: width)
    }

    deinit { block.deallocate() }
}
