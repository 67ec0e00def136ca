/// Pictures kept aside, measured by the passes that inspect on a line.
struct ValidationSet {
    let samples: [DefectSample]
    let session: SPTSession

    /// - Returns: nil without pictures.
    /// - Throws: ``DatasetError`` naming a file that cannot be used.
    func measure() throws(DatasetError) -> EpochSummary.Validation? {
        guard !samples.isEmpty else { return nil }
        let parts = try parts()
        let marked = parts.compactMap { $0.quality?[.box] }
        func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
        let ranking = Ranking(
            defective: parts.filter(\.isDefective).map(\.score), good: parts.filter { !$0.isDefective }.map(\.score))
        return EpochSummary.Validation(
            draftIoU: mean(marked.map(\.draftIoU)), refinedIoU: mean(marked.map(\.refinedIoU)), auroc: ranking.auroc)
    }

    /// In the order of the samples.
    func parts() throws(DatasetError) -> [EvaluatedPart] {
        let evaluator = PartEvaluator(session: session, prompts: [.box], seed: 1)
        var parts: [EvaluatedPart] = []
        for (index, sample) in samples.enumerated() { parts.append(try evaluator.evaluate(sample, index: index)) }
        return parts
    }
}
