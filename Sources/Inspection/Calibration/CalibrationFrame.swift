/// What inspection saw in one frame, before any limit, and what is known of the part.
struct CalibrationFrame: Sendable {
    struct Region: Sendable {
        var evidence: RegionEvidence
        /// Whether the truth marks something inside the region; nil where nothing is known but that the part is defective.
        var holdsDefect: Bool?
        /// The same region, moved and stretched a little.
        var jittered: [RegionEvidence] = []
    }

    var name: String
    var isDefective: Bool
    /// Frame pixels per pixel of the reference size.
    var areaScale: Double
    /// In the order of the file; empty where the frame could not be inspected.
    var regions: [Region]

    /// The frame's verdict at some limits, one a region.
    func verdict(_ limits: [Limits], pixelsPerMm: Double?) -> Verdict {
        Verdict.worst(of: zip(regions, limits).map { region, limits in
            resolved(limits, pixelsPerMm).judge(region.evidence).verdict
        })
    }

    func resolved(_ limits: Limits, _ pixelsPerMm: Double?) -> ResolvedLimits {
        ResolvedLimits(limits, pixelsPerMm: pixelsPerMm, areaScale: areaScale)
    }
}
