/// One epoch in figures.
public struct EpochSummary: Sendable, Codable, Equatable {
    /// Counted from 1.
    public var epoch: Int
    public var learningRate: Float
    /// Means over the epoch's pictures.
    public var draftLoss: Double
    public var refinedLoss: Double
    /// On the pictures kept aside; nil where none were.
    public var validation: Validation?

    public struct Validation: Sendable, Codable, Equatable {
        /// Mean IoU with a tight box over the defective pictures; nil without any.
        public var draftIoU: Double?
        public var refinedIoU: Double?
        /// Of the score with the whole picture as the box; nil without pictures of both kinds.
        public var auroc: Double?

        /// What the best epoch is chosen by: the mean of refined IoU and AUROC, or the one there is; nil without either.
        public var score: Double? {
            let known = [refinedIoU, auroc].compactMap { $0 }
            return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
        }
    }
}
