/// What a model made of one part.
public struct EvaluatedPart: Sendable, Codable {
    public let name: String
    public let category: String
    /// Kind of defect; nil for a good part.
    public let defect: String?
    /// The score of the whole picture (``PeakScore``), asked with the whole picture as the box.
    public let score: Double
    /// By prompt; nil for a good part.
    public let quality: [EvaluationPrompt: MaskQuality]?

    public var isDefective: Bool { defect != nil }
}
