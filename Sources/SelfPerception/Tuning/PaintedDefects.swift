import Imaging

/// Defective parts made of good ones, for the first day on a line, when no defect has been seen yet: one to three flaws of
/// random kind, place, size and contrast are painted on a real picture (``DefectPainter``).
public struct PaintedDefects: Sendable {
    /// How many flaws a picture gets; each number is equally likely.
    public let count: ClosedRange<Int>
    private let painter: DefectPainter
    private let seed: UInt64

    /// - Precondition: `count` begins at 1 or more.
    public init(count: ClosedRange<Int> = 1...3, painter: DefectPainter = DefectPainter(), seed: UInt64) {
        precondition(count.lowerBound >= 1)
        self.count = count
        self.painter = painter
        self.seed = seed
    }

    /// Paints on `image`, which holds a good part.
    ///
    /// - Parameter step: what is painted depends on the seed, this number and the picture alone.
    /// - Returns: the truth, at the picture's size; it marks a pixel at least unless the picture is empty.
    public func paint(on image: RGBImage, step: Int) -> BinaryMask {
        var random = SeededGenerator(seed: seed, step: step, for: .painting)
        var truth = BinaryMask(width: image.width, height: image.height)
        let kinds = DefectKind.allCases
        for _ in 0..<random.whole(count) {
            _ = painter.paint(kinds[random.below(kinds.count)], on: image, truth: &truth, using: &random)
        }
        return truth
    }
}
