import SelfPerception

/// The limits that a calibration chose, and what they are worth on frames that it did not choose them on.
public struct CalibrationResult: Sendable, Encodable {
    /// One region's limits as the file has them and as they should be. Areas are in the file's own unit.
    public struct Region: Sendable, Encodable {
        public var name: String
        public var before: Values
        /// nil: nothing could be chosen, and `remark` says why.
        public var after: Values?
        public var remark: String?
    }

    public struct Values: Sendable, Encodable, Equatable {
        public var failScore: Double
        public var reviewScore: Double
        /// As `min_area_px` or `min_area_mm2` gives it; nil where the file has none.
        public var minArea: String?
        /// The same of `max_area`.
        public var maxArea: String?

        init(_ limits: Limits) {
            failScore = limits.failScore
            reviewScore = limits.reviewScore
            minArea = limits.minArea?.text
            maxArea = limits.maxArea?.text
        }
    }

    /// Verdicts of held-out frames. A part that was not inspected counts as passed.
    public struct Errors: Sendable, Encodable {
        public var escapes: Int
        public var defective: Int
        public var overkill: Int
        /// Of the overkill, parts that are up for review.
        public var review: Int
        public var good: Int
        /// 95%, by Clopper and Pearson.
        public var escapeInterval: BinomialInterval
        public var overkillInterval: BinomialInterval
    }

    public var camera: String
    public var regionFile: String
    /// Of the weights.
    public var model: String
    public var goal: CalibrationGoal
    public var seed: UInt64
    /// Frames that the limits were chosen on.
    public var chosenOnDefective: Int
    public var chosenOnGood: Int
    public var regions: [Region]
    /// Held-out defective parts whose defects all lie outside the regions: no limit can stop them.
    public var outside: Int
    /// At the limits in the file, and at the chosen ones.
    public var before: Errors
    public var after: Errors
    /// The rate that the held-out frames bound with the goal's confidence (one-sided).
    public var bound: Double
    /// Further held-out parts of the goal's kind that would show it, if none of them is an error.
    public var missing: Int
    /// How well each sign tells wrong verdicts from right ones, on the held-out frames at the chosen limits.
    public var signs: [ErrorSign]
    public var skipped: [String]

    /// Whether held-out frames show the goal at its confidence.
    public var isShown: Bool { bound <= goal.rate }

    /// The regions' limits from now on, in the order of the file.
    let limits: [Limits]

    enum CodingKeys: String, CodingKey {
        case camera, regionFile, model, goal, seed, chosenOnDefective, chosenOnGood, regions, outside, before, after, bound, missing, signs
        case skipped
    }
}
