/// Paints flaws on any picture and says exactly where they are.
///
/// The truth of a flaw is every pixel inside its outline, where it covers the surface by half or more. Beyond the
/// truth its soft edge changes only pixels within `rim` of the outline (`DefectFinish` has the formula).
public struct DefectPainter: Sendable {
    /// How far beyond its outline a flaw's soft edge may reach, in pixels.
    public static let rim: Float = 3

    private var ranges: [DefectKind: DefectRange]

    /// - Parameter ranges: replaces the standard ranges of some kinds.
    public init(ranges: [DefectKind: DefectRange] = [:]) {
        self.ranges = ranges
    }

    /// Paints one flaw of random place, size, shape and contrast.
    ///
    /// - Parameters:
    ///   - region: where the flaw may change pixels, the whole picture by default.
    ///   - truth: a mask of the picture's size, to which the flaw's pixels are added.
    /// - Returns: what was painted, or nil, with nothing changed, where no pixel could be (an empty picture or a
    ///   region outside it).
    public func paint(
        _ kind: DefectKind, on image: RGBImage, within region: PixelRect? = nil, truth: inout BinaryMask,
        using random: inout SeededGenerator
    ) -> PaintedDefect? {
        precondition(truth.size == image.size, "truth \(truth.size) for an image of \(image.size)")
        let whole = PixelRect(image.size)
        guard let region = (region ?? whole).intersection(whole) else { return nil }
        let range = ranges[kind] ?? .standard(kind)
        let side = Float(min(image.width, image.height))
        let shape = DefectShape.random(kind, range: range, side: side, within: region, using: &random)
        let finish = DefectFinish.random(kind, range: range, side: side, using: &random)

        guard let frame = shape.frame(margin: finish.softness).intersection(region) else { return nil }
        let distances = shape.distances(in: frame, margin: finish.softness)
        guard let spot = DefectSpot(image: image, frame: frame, distances: distances) else { return nil }
        let contrast = finish.apply(to: image, spot: spot, shape: shape, distances: distances, using: &random)
        for y in 0..<frame.height {
            for x in 0..<frame.width where distances[y * frame.width + x] <= 0 {
                truth[frame.x + x, frame.y + y] = true
            }
        }
        return PaintedDefect(kind: kind, box: spot.box, area: spot.area, contrast: contrast)
    }
}
