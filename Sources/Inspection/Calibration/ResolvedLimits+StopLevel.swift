extension ResolvedLimits {
    /// The highest `review_score` at which a region is stopped, all other limits as they are: it passes exactly where its
    /// `review_score` is above this (``judge(_:)``). Infinite where it is stopped at any, minus infinity where at none.
    func stopLevel(_ evidence: RegionEvidence) -> Double {
        if let minAgreement, evidence.agreement < minAgreement { return .infinity }
        let large = evidence.components.filter { isDefect(areaPx: $0.areaPx) }
        var level = -Double.infinity
        if maxDefects == 0 {
            level = max(evidence.score, large.map(\.score).max() ?? level)
        } else if large.count > maxDefects {
            level = large.map(\.score).sorted(by: >)[maxDefects]
        }
        // A defect that is too large stops as soon as it counts.
        return large.filter { isTooLarge(areaPx: $0.areaPx) }.map(\.score).max().map { max($0, level) } ?? level
    }

    /// The highest `fail_score` at which a region fails, all other limits as they are.
    func failLevel(_ evidence: RegionEvidence) -> Double {
        let counted = evidence.components.filter(counts)
        if counted.contains(where: { isTooLarge(areaPx: $0.areaPx) }) { return .infinity }
        return counted.count > maxDefects ? evidence.score : -.infinity
    }
}
