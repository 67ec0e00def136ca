/// One part of a synthetic line: what is wrong with it and where.
public struct SyntheticPart: Sendable {
    public var index: Int
    public var defects: [PaintedDefect]
    /// The pixels of all its flaws; the picture's size.
    public var truth: BinaryMask

    public var isDefective: Bool { !defects.isEmpty }
}

/// A production line that exists only as pictures: ground parts under uneven light, some of them flawed.
///
/// Every part is drawn from the seed and its own index alone, so `part(7, …)` is the same picture whether or not the
/// six before it were drawn.
public struct SyntheticLine: Sendable {
    public let seed: UInt64
    public let size: PixelSize
    public let defectRate: Double
    private let painter: DefectPainter

    /// - Parameters:
    ///   - size: of the frames; negative sides count as 0.
    ///   - defectRate: the share of parts with at least one flaw, 0 … 1.
    public init(
        seed: UInt64, size: PixelSize = PixelSize(width: 400, height: 300), defectRate: Double = 0.4,
        painter: DefectPainter = DefectPainter()
    ) {
        self.seed = seed
        self.size = PixelSize(width: max(0, size.width), height: max(0, size.height))
        self.defectRate = defectRate
        self.painter = painter
    }

    /// Draws part `index` into `image`, which takes the line's size and keeps its storage where it can.
    public func part(_ index: Int, into image: RGBImage) -> SyntheticPart {
        var random = SeededGenerator(seed: seed, stream: UInt64(bitPattern: Int64(index)))
        let defective = random.chance(defectRate)
        let scale = Float(min(size.width, size.height)) / 300
        let look = SurfaceLook(scale: max(0.1, scale), using: &random)

        image.resize(width: size.width, height: size.height)
        var renderer = SurfaceRenderer(size: size, look: look, using: &random)
        renderer.render(into: image)
        SurfaceMarks(size: size).paint(on: image, using: &random)

        var part = SyntheticPart(
            index: index, defects: [], truth: BinaryMask(width: size.width, height: size.height))
        guard defective else { return part }
        let kinds = DefectKind.allCases
        for _ in 0..<(random.chance(0.2) ? 2 : 1) {
            let kind = kinds[random.below(kinds.count)]
            if let defect = painter.paint(
                kind, on: image, within: surface, truth: &part.truth, using: &random)
            {
                part.defects.append(defect)
            }
        }
        return part
    }

    /// The frame without the strip in which a part's border may run: a flaw in the dark behind the part is none.
    private var surface: PixelRect {
        let strip = min(size.width, size.height) / 24
        return PixelRect(
            x: strip, y: strip, width: size.width - 2 * strip, height: size.height - 2 * strip)
    }
}
