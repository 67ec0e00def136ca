import Imaging

/// How far each pixel of a picture is from a mask, in pixels; 0 on the mask.
///
/// Two sweeps with steps of 1 and √2 (Borgefors, "Distance transformations in digital images", 1986): at most a twelfth more than
/// the true distance, which is little beside an edge of a few pixels.
struct MaskDistance {
    let size: PixelSize
    let values: [Float]

    /// What a picture without a mask is away from it.
    static let farthest: Float = 1e6

    init(_ mask: BinaryMask) {
        let (width, height) = (mask.width, mask.height), diagonal = Float(2).squareRoot()
        var values = mask.pixels.map { $0 == 0 ? Self.farthest : 0 }
        values.withUnsafeMutableBufferPointer { values in
            func nearer(_ place: Int, _ x: Int, _ y: Int, _ dx: Int, _ dy: Int) {
                guard x + dx >= 0, x + dx < width, y + dy >= 0, y + dy < height else { return }
                values[place] = min(values[place], values[place + dy * width + dx] + (dx != 0 && dy != 0 ? diagonal : 1))
            }
            for y in 0..<height {
                for x in 0..<width {
                    for (dx, dy) in [(-1, 0), (-1, -1), (0, -1), (1, -1)] { nearer(y * width + x, x, y, dx, dy) }
                }
            }
            for y in (0..<height).reversed() {
                for x in (0..<width).reversed() {
                    for (dx, dy) in [(1, 0), (1, 1), (0, 1), (-1, 1)] { nearer(y * width + x, x, y, dx, dy) }
                }
            }
        }
        size = mask.size
        self.values = values
    }
}
