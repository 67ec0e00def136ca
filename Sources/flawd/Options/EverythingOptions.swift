import ArgumentParser
import SelfPerception

/// The settings of `segment --everything`, named as segment-anything names them. Absent ones have the published defaults.
struct EverythingOptions: ParsableArguments {
    @Option(help: "Points along each side of the picture. (default: 32)")
    var pointsPerSide: Int?

    @Option(help: "Keep masks with a predicted IoU above this. (default: 0.88)")
    var predIouThresh: Double?

    @Option(help: "Keep masks with a stability score of this at least. (default: 0.95)")
    var stabilityScoreThresh: Double?

    @Option(help: "How far the cut through the logits is moved for the stability score. (default: 1.0)")
    var stabilityScoreOffset: Double?

    @Option(help: "Of two masks of one crop whose boxes' IoU is above this, drop one. (default: 0.7)")
    var boxNmsThresh: Double?

    @Option(help: "Layers of crops that are encoded alone, beside the whole picture; layer i has 4^i. (default: 0)")
    var cropNLayers: Int?

    @Option(help: "As --box-nms-thresh, between crops. (default: 0.7)")
    var cropNmsThresh: Double?

    @Option(help: "Overlap of the first layer's crops, as a share of the short side. (default: 512/1500)")
    var cropOverlapRatio: Double?

    @Option(help: "Layer i has --points-per-side divided by this to the power of i. (default: 1)")
    var cropNPointsDownscaleFactor: Int?

    @Option(help: "Remove holes and islands of fewer pixels from masks. (default: 0)")
    var minMaskRegionArea: Int?

    @Flag(help: "Write every mask as NAME.mask-N.png.")
    var masks = false

    func validate() throws { _ = try settings() }

    /// - Throws: `ValidationError` naming the option.
    func settings() throws -> AutomaticMaskSettings {
        var settings = AutomaticMaskSettings()
        settings.pointsPerSide = pointsPerSide ?? settings.pointsPerSide
        settings.predIoUThresh = predIouThresh ?? settings.predIoUThresh
        settings.stabilityScoreThresh = stabilityScoreThresh ?? settings.stabilityScoreThresh
        settings.stabilityScoreOffset = stabilityScoreOffset ?? settings.stabilityScoreOffset
        settings.boxNMSThresh = boxNmsThresh ?? settings.boxNMSThresh
        settings.cropNLayers = cropNLayers ?? settings.cropNLayers
        settings.cropNMSThresh = cropNmsThresh ?? settings.cropNMSThresh
        settings.cropOverlapRatio = cropOverlapRatio ?? settings.cropOverlapRatio
        settings.cropNPointsDownscaleFactor = cropNPointsDownscaleFactor ?? settings.cropNPointsDownscaleFactor
        settings.minMaskRegionArea = minMaskRegionArea ?? settings.minMaskRegionArea
        if let problem = settings.problem { throw ValidationError("--\(problem).") }
        return settings
    }

    /// Options that were given.
    var given: [String] {
        let options: [(name: String, isGiven: Bool)] = [
            ("--points-per-side", pointsPerSide != nil), ("--pred-iou-thresh", predIouThresh != nil),
            ("--stability-score-thresh", stabilityScoreThresh != nil), ("--stability-score-offset", stabilityScoreOffset != nil),
            ("--box-nms-thresh", boxNmsThresh != nil), ("--crop-n-layers", cropNLayers != nil),
            ("--crop-nms-thresh", cropNmsThresh != nil), ("--crop-overlap-ratio", cropOverlapRatio != nil),
            ("--crop-n-points-downscale-factor", cropNPointsDownscaleFactor != nil),
            ("--min-mask-region-area", minMaskRegionArea != nil), ("--masks", masks),
        ]
        return options.filter(\.isGiven).map(\.name)
    }
}
