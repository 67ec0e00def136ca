/// What a model made of one data set, or of one product in it.
public struct SetResult: Sendable, Codable {
    /// The data set's folder, and the product where it has several.
    public var name: String
    public var defective = 0
    public var good = 0
    /// Means over the defective parts.
    public var masks: [EvaluationPrompt: MaskQuality] = [:]
    public var line: LineFigures
    /// In the order of the data set.
    public var parts: [EvaluatedPart]

    init(
        name: String, parts: [EvaluatedPart], pixels: PixelScores, heldOut: [HeldOutErrors], settings: EvaluationSettings
    ) {
        self.name = name
        self.parts = parts
        let marked = parts.compactMap(\.quality)
        defective = parts.count(where: \.isDefective)
        good = parts.count - defective
        for kind in settings.prompts { masks[kind] = MaskQuality(meanOf: marked.compactMap { $0[kind] }) }
        line = LineFigures(Ranking(parts), pixels: pixels, rates: settings.rates, heldOut: heldOut)
    }
}
