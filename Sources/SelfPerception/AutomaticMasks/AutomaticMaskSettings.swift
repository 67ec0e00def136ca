/// The settings of segment-anything's automatic mask generator, by their published names and defaults.
public struct AutomaticMaskSettings: Sendable, Equatable {
    /// Points along each side of the picture; their square is the count of prompts.
    public var pointsPerSide = 32
    /// A mask is kept when its predicted IoU is above this; 0 or less keeps all.
    public var predIoUThresh = 0.88
    /// A mask is kept when its stability score is this at least; 0 or less keeps all.
    public var stabilityScoreThresh = 0.95
    /// How far the cut through the logits is moved up and down for the stability score.
    public var stabilityScoreOffset = 1.0
    /// Of two masks of one crop whose boxes' IoU is above this, the one with the lower predicted IoU is dropped.
    public var boxNMSThresh = 0.7
    /// Layers of crops beside the whole picture; layer i has 4^i crops, each encoded alone.
    public var cropNLayers = 0
    /// As `boxNMSThresh`, between crops; the mask of the smaller crop stays.
    public var cropNMSThresh = 0.7
    /// How much the crops of the first layer overlap, as a share of the picture's short side; later layers proportionally less.
    public var cropOverlapRatio = 512.0 / 1500
    /// Layer i has `pointsPerSide` divided by this to the power of i.
    public var cropNPointsDownscaleFactor = 1
    /// Holes and islands of fewer pixels are removed from masks; 0 leaves them.
    public var minMaskRegionArea = 0

    public init() {}

    static let mostPoints = 128
    static let mostLayers = 5

    /// What cannot be, by the option's name, and what would be right; nil when all is well.
    public var problem: String? {
        func outside(_ name: String, _ value: Int, _ range: ClosedRange<Int>) -> String? {
            range.contains(value) ? nil : "\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)"
        }
        func outside(_ name: String, _ value: Double, _ range: ClosedRange<Double>) -> String? {
            range.contains(value) ? nil : "\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)"
        }
        let problems = [
            outside("points-per-side", pointsPerSide, 1...Self.mostPoints),
            outside("pred-iou-thresh", predIoUThresh, -1000...1000),
            outside("stability-score-thresh", stabilityScoreThresh, 0...1),
            outside("stability-score-offset", stabilityScoreOffset, 0...1000),
            outside("box-nms-thresh", boxNMSThresh, 0...1), outside("crop-nms-thresh", cropNMSThresh, 0...1),
            outside("crop-n-layers", cropNLayers, 0...Self.mostLayers),
            outside("crop-overlap-ratio", cropOverlapRatio, 0...0.9),
            outside("crop-n-points-downscale-factor", cropNPointsDownscaleFactor, 1...Self.mostPoints),
            outside("min-mask-region-area", minMaskRegionArea, 0...Int(Int32.max)),
        ]
        if let problem = problems.compactMap({ $0 }).first { return problem }
        if let empty = (0...cropNLayers).first(where: { points(inLayer: $0) == 0 }) {
            return "points-per-side \(pointsPerSide) with crop-n-points-downscale-factor \(cropNPointsDownscaleFactor) leaves no point for crop layer \(empty)"
        }
        return nil
    }

    /// Points along each side of a crop of a layer; 0 is the whole picture.
    func points(inLayer layer: Int) -> Int {
        (0..<layer).reduce(pointsPerSide) { points, _ in points / cropNPointsDownscaleFactor }
    }
}
