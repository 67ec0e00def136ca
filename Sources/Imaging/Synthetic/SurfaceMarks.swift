/// Marks that a good part may carry: dried rings of coolant, faint smears, specks of dust.
///
/// They are what makes an inspection earn its verdict: marks that differ from the surface but are no flaw. They are
/// fainter than any standard flaw of their shape, or no larger than a few pixels.
struct SurfaceMarks {
    private let region: PixelRect
    private let side: Float

    init(size: PixelSize) {
        region = PixelRect(size)
        side = Float(min(size.width, size.height))
    }

    func paint(on image: RGBImage, using random: inout SeededGenerator) {
        for _ in 0..<random.below(3) { ring(on: image, using: &random) }
        for _ in 0..<random.below(3) { smear(on: image, using: &random) }
        for _ in 0..<random.below(6) { speck(on: image, using: &random) }
    }

    /// Part of a wide arc, as a drop leaves that dried.
    private func ring(on image: RGBImage, using random: inout SeededGenerator) {
        let shape = DefectShape.line(
            length: side * random.uniform(0.15...0.6), halfWidth: side * random.uniform(0.003...0.01), bend: 0.3,
            jag: 0.08, within: region, using: &random)
        let finish = DefectFinish(
            contrast: random.uniform(0.04...0.16), softness: DefectPainter.rim, opacity: 0, mottle: 1)
        put(shape, finish, on: image, using: &random)
    }

    /// A patch along the grinding marks.
    private func smear(on image: RGBImage, using random: inout SeededGenerator) {
        let long = side * random.uniform(0.05...0.25)
        let waves = (2...5).map { SIMD2(random.signed(), random.signed()) * (0.2 / Float($0)) }
        let centre = SIMD2(Float(region.width) * random.unit(), Float(region.height) * random.unit())
        let blob = DefectShape.Blob(
            centre: centre, axis: SIMD2(0, 1), radii: SIMD2(max(1, long), max(1, long * random.uniform(0.2...0.7))),
            waves: waves)
        let finish = DefectFinish(
            contrast: random.uniform(0.03...0.12), brighter: random.chance(0.4), softness: max(3, long * 0.6),
            opacity: 0, mottle: 0.8)
        put(.blob(blob), finish, on: image, using: &random)
    }

    /// A grain of dust, one to five pixels wide in a frame of 300 rows.
    private func speck(on image: RGBImage, using random: inout SeededGenerator) {
        let radius = max(0.6, side * random.uniform(0.002...0.008))
        let centre = SIMD2(Float(region.width) * random.unit(), Float(region.height) * random.unit())
        let blob = DefectShape.Blob(
            centre: centre, axis: SIMD2(1, 0), radii: SIMD2(radius, radius * random.uniform(0.6...1)), waves: [])
        let finish = DefectFinish(
            contrast: random.uniform(0.15...0.5), brighter: random.chance(0.3), softness: 1, opacity: 0.3, mottle: 0)
        put(.blob(blob), finish, on: image, using: &random)
    }

    private func put(
        _ shape: DefectShape, _ finish: DefectFinish, on image: RGBImage, using random: inout SeededGenerator
    ) {
        guard let frame = shape.frame(margin: finish.softness).intersection(region) else { return }
        let distances = shape.distances(in: frame, margin: finish.softness)
        guard let spot = DefectSpot(image: image, frame: frame, distances: distances) else { return }
        finish.apply(to: image, spot: spot, shape: shape, distances: distances, using: &random)
    }
}
