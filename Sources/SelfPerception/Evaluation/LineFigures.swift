/// What a line asks: how scores of whole pictures and of pixels separate good from defective. nil without parts of a kind.
public struct LineFigures: Sendable, Codable {
    /// PGn and PBn: `Ranking/presortedGood(atEscapeRate:)` and `Ranking/presortedBad(atOverkillRate:)`.
    public struct Presorted: Sendable, Codable {
        public var rate: Double
        public var good: Double?
        public var bad: Double?
    }

    public var imageAUROC: Double?
    /// At the limit that is best for these very parts, as `pixelF1`.
    public var imageF1: Double?
    public var pixelAUROC: Double?
    public var pixelF1: Double?
    /// AUPRO(0.3).
    public var perRegionOverlap: Double?
    public var presorted: [Presorted]
    public var heldOut: [HeldOutErrors]

    init(_ ranking: Ranking, pixels: PixelScores, rates: [Double], heldOut: [HeldOutErrors]) {
        imageAUROC = ranking.auroc
        imageF1 = ranking.bestF1?.value
        pixelAUROC = pixels.auroc
        pixelF1 = pixels.bestF1?.value
        perRegionOverlap = pixels.perRegionOverlapArea()
        presorted = rates.map {
            Presorted(rate: $0, good: ranking.presortedGood(atEscapeRate: $0), bad: ranking.presortedBad(atOverkillRate: $0))
        }
        self.heldOut = heldOut
    }
}
