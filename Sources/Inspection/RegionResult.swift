/// What was found in one region.
public struct RegionResult: Sendable, Codable, Equatable {
    public var name: String
    public var verdict: Verdict
    /// The mean of the 20 highest refined probabilities inside the region, at the model's mask resolution (of all,
    /// where the region has fewer cells). 0 … 1.
    public var score: Double
    /// Intersection over union of draft and refined mask inside the region, at the same resolution; 1 when both are empty.
    public var agreement: Double
    /// Which limits led to the verdict, for people; empty for a plain pass.
    public var because: [String]
    /// Defects that count against `max_defects`: of `min_area` at least, with a score of `review_score` at least.
    public var defectCount: Int
    /// Components of the refined mask of `min_area` at least, the largest first, at most 100.
    public var defects: [Defect]

    public init(
        name: String, verdict: Verdict, score: Double, agreement: Double, because: [String] = [], defectCount: Int = 0,
        defects: [Defect] = []
    ) {
        self.name = name
        self.verdict = verdict
        self.score = score
        self.agreement = agreement
        self.because = because
        self.defectCount = defectCount
        self.defects = defects
    }

    enum CodingKeys: String, CodingKey {
        case name, verdict, score, agreement, because, defects
        case defectCount = "defect_count"
    }
}
