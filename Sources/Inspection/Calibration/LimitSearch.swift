import SelfPerception

/// Finds limits that keep to a goal on some frames with the fewest errors of the other kind.
struct LimitSearch {
    let goal: CalibrationGoal
    let pixelsPerMm: Double?
    /// Parts that limits are measured on for each one that they are chosen on.
    let heldOutRatio: Double

    /// One part as the limits of one or several regions see it.
    struct Case {
        var isDefective: Bool
        var areaScale: Double
        /// Of the regions whose limits are searched for together.
        var evidence: [RegionEvidence]
    }

    /// Share of good parts that may fail outright; more of them are up for review, which stops a part too.
    static let failShare = 0.05
    /// Limits are written with four decimals.
    private static let steps = 10_000.0
    /// Areas that are tried.
    private static let mostAreas = 12

    /// - Parameter limits: of the regions, as the file gives them. What is not searched for stays: `review_score` and `fail_score`
    ///   are, the same for all; where there is one region, the smallest area, too, and the largest one where it stops a part that
    ///   would pass otherwise: where the file has one, and tolerates defects below it.
    /// - Returns: nil without parts of a kind.
    func limits(startingFrom limits: [Limits], on cases: [Case]) -> [Limits]? {
        guard cases.contains(where: \.isDefective), cases.contains(where: { !$0.isDefective }) else { return nil }
        let candidates = limits.count == 1 ? areas(limits[0], cases).map { [$0] } : [limits]
        var best: (limits: [Limits], errors: Ranking.Errors)?
        for candidate in candidates {
            let ranking = ranking(cases, candidate) { $0.stopLevel($1) }, score = reviewScore(ranking)
            let errors = ranking.errors(at: score)
            if best.map({ isBetter(errors, than: $0.errors) }) ?? true {
                best = (candidate.map { $0.with(reviewScore: score, failScore: 1) }, errors)
            }
        }
        guard let chosen = best?.limits, let reviewScore = chosen.first?.reviewScore else { return nil }
        let fails = ranking(cases, chosen) { $0.failLevel($1) }
        let limit = fails.errors(atOverkillRate: Self.failShare).limit
        let failScore = max(reviewScore, rounded(fails.between(limit), .up))
        return chosen.map { $0.with(reviewScore: reviewScore, failScore: failScore) }
    }

    private func ranking(
        _ cases: [Case], _ limits: [Limits], _ level: (ResolvedLimits, RegionEvidence) -> Double
    ) -> Ranking {
        func levels(_ isDefective: Bool) -> [Double] {
            cases.filter { $0.isDefective == isDefective }.map { one in
                zip(limits, one.evidence).map { limits, evidence in
                    level(ResolvedLimits(limits, pixelsPerMm: pixelsPerMm, areaScale: one.areaScale), evidence)
                }.max() ?? -.infinity
            }
        }
        return Ranking(defective: levels(true), good: levels(false))
    }

    /// In the middle of the gap between the parts that decide, rounded to the side that the goal is on.
    private func reviewScore(_ ranking: Ranking) -> Double {
        switch goal.kind {
        case .escapes:
            let limit = ranking.limit(forEscapes: allowed(of: ranking.defective.count))
            return rounded(ranking.between(limit), .down)
        case .overkill:
            let limit = ranking.limit(forOverkill: allowed(of: ranking.good.count))
            return rounded(ranking.between(limit), .up)
        }
    }

    /// Errors of the goal's kind among so many parts to choose on.
    func allowed(of total: Int) -> Int {
        goal.allowed(choosingOn: total, heldOut: Int((Double(total) * heldOutRatio).rounded()))
    }

    private func rounded(_ limit: Double, _ rule: FloatingPointRoundingRule) -> Double {
        (min(max(limit, 0), 1) * Self.steps).rounded(rule) / Self.steps
    }

    private func isBetter(_ a: Ranking.Errors, than b: Ranking.Errors) -> Bool {
        switch goal.kind {
        case .escapes: (a.overkill, a.escapes) < (b.overkill, b.escapes)
        case .overkill: (a.escapes, a.overkill) < (b.escapes, b.overkill)
        }
    }

    /// The limits with every pair of areas to try. The first of equally good ones is kept, so those in force come first.
    private func areas(_ limits: Limits, _ cases: [Case]) -> [Limits] {
        let smallest = smallestAreas(limits, cases), largest = largestAreas(limits, cases)
        return largest.flatMap { largest in smallest.map { limits.with(minArea: $0, maxArea: largest) } }.filter(isInOrder)
    }

    /// The one in force, none, and ones that leave out some of what was found in good parts.
    private func smallestAreas(_ limits: Limits, _ cases: [Case]) -> [Limits.Area?] {
        let found = cases.filter { !$0.isDefective }.flatMap { one in
            one.evidence.flatMap(\.components).map { Double($0.areaPx) / one.areaScale }
        }
        // A limit in mm² stays one.
        let isMm = if case .mm2 = limits.minArea { true } else { false }
        return [limits.minArea] + (limits.minArea == nil ? [] : [isMm ? .mm2(0) : .px(0)]) + quantiles(of: found, inMm: isMm)
    }

    /// The one in force, and ones that good parts' largest defects keep below.
    private func largestAreas(_ limits: Limits, _ cases: [Case]) -> [Limits.Area?] {
        guard let maxArea = limits.maxArea, limits.maxDefects > 0 else { return [limits.maxArea] }
        let found = cases.filter { !$0.isDefective }.map { one in
            one.evidence.flatMap(\.components).map { Double($0.areaPx) / one.areaScale }.max() ?? 0
        }
        let isMm = if case .mm2 = maxArea { true } else { false }
        return [maxArea] + quantiles(of: found, inMm: isMm)
    }

    private func quantiles(of areas: [Double], inMm isMm: Bool) -> [Limits.Area] {
        let areas = areas.sorted(), perMm = isMm ? pixelsPerMm : nil
        var chosen: [Limits.Area] = []
        for step in 1...Self.mostAreas where !areas.isEmpty {
            let area = areas[(areas.count - 1) * step / Self.mostAreas].rounded(.up) + 1
            let candidate: Limits.Area = if let perMm { .mm2((area / (perMm * perMm) * 1000).rounded(.up) / 1000) } else { .px(area) }
            if !chosen.contains(candidate) { chosen.append(candidate) }
        }
        return chosen
    }

    /// A region file may not have its smallest area above its largest.
    private func isInOrder(_ limits: Limits) -> Bool {
        guard let largest = limits.maxArea?.pixels(pixelsPerMm: pixelsPerMm), let smallest = limits.minArea?.pixels(pixelsPerMm: pixelsPerMm)
        else { return true }
        return smallest <= largest
    }
}

extension Limits {
    fileprivate func with(minArea: Area?, maxArea: Area?) -> Limits {
        var limits = self
        (limits.minArea, limits.maxArea) = (minArea, maxArea)
        return limits
    }

    fileprivate func with(reviewScore: Double, failScore: Double) -> Limits {
        var limits = self
        (limits.reviewScore, limits.failScore) = (reviewScore, failScore)
        return limits
    }
}

extension Ranking {
    /// The middle of all limits that make the same errors as this one: between the highest score below and the lowest at or above it.
    func between(_ limit: Double) -> Double {
        let below = max(defective.last { $0 < limit } ?? 0, good.last { $0 < limit } ?? 0, 0)
        let above = min(defective.first { $0 >= limit } ?? 1, good.first { $0 >= limit } ?? 1, 1)
        return below < above ? (below + above) / 2 : limit
    }
}
