/// One picture of a data set and where its truth is.
public struct DefectSample: Sendable {
    /// Unique in its split: the file's name without ending, after its category and kind where names repeat across them.
    public let name: String
    /// The product or data set folder ("hazelnut"); empty where there is one only.
    public let category: String
    /// The kind of defect; nil for a good part.
    public let defect: String?
    public let imagePath: String
    public let truth: TruthSource

    public var isDefective: Bool { defect != nil }

    /// The same picture as a good part.
    var asGood: DefectSample {
        DefectSample(name: name, category: category, defect: nil, imagePath: imagePath, truth: .none)
    }
}
