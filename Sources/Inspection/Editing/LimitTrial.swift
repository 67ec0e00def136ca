import Imaging

/// Judges what was measured once by other limits: what they would have done. Defects that were too small to be listed then stay unknown.
public struct LimitTrial: Sendable {
    private let limits: ResolvedLimits
    /// Pixels of a frame for each of the size that the region was drawn on.
    public let areaScale: Double

    /// The limits of a region for frames of one size; nil: the file has no such region.
    ///
    /// - Parameter frame: nil: the size that the shapes were drawn on.
    public init?(_ file: RegionFile, camera: String, region name: String, frame: PixelSize?) {
        guard let entry = file.entry(of: camera), let region = entry.regions.first(where: { $0.name == name }) else { return nil }
        let reference = entry.referenceSize, size = frame ?? reference
        let scale = size.flatMap { size in reference.map { Double(size.width) / Double($0.width) * Double(size.height) / Double($0.height) } } ?? 1
        areaScale = scale
        limits = ResolvedLimits(region.limits, pixelsPerMm: entry.pixelsPerMm, areaScale: scale)
    }

    public func verdict(of result: RegionResult) -> Verdict {
        limits.judge(RegionEvidence(
            score: result.score, agreement: result.agreement, components: result.defects.map { .init(areaPx: $0.areaPx, score: $0.score) })).verdict
    }
}
