import Imaging

/// A region's limits at one frame size: areas in pixels of that frame.
struct ResolvedLimits: Equatable, Sendable {
    var failScore: Double
    var reviewScore: Double
    var maxDefects: Int
    /// 0 where the file gives none.
    var minAreaPx: Double
    var maxAreaPx: Double?
    var minAgreement: Double?
    /// Frame pixels in one mm²; nil where the file does not say.
    var pixelsPerMm2: Double?
    /// The limits as written, for messages.
    var source: Limits

    /// - Parameter areaScale: frame pixels per pixel of the reference size (the product of both axes' scales).
    init(_ limits: Limits, pixelsPerMm: Double?, areaScale: Double) {
        failScore = limits.failScore
        reviewScore = limits.reviewScore
        maxDefects = limits.maxDefects
        minAreaPx = (limits.minArea?.pixels(pixelsPerMm: pixelsPerMm) ?? 0) * areaScale
        maxAreaPx = limits.maxArea?.pixels(pixelsPerMm: pixelsPerMm).map { $0 * areaScale }
        minAgreement = limits.minAgreement
        pixelsPerMm2 = pixelsPerMm.map { $0 * $0 * areaScale }
        source = limits
    }

    /// Whether a component is large enough to be a defect. The limit itself is; the last bits that scaling may have
    /// cost are not held against it.
    func isDefect(areaPx: Int) -> Bool { Double(areaPx) >= minAreaPx * (1 - 1e-9) }

    func isTooLarge(areaPx: Int) -> Bool { maxAreaPx.map { Double(areaPx) > $0 * (1 + 1e-9) } ?? false }

    func areaMm2(_ areaPx: Int) -> Double? { pixelsPerMm2.map { Double(areaPx) / $0 } }
}
