/// One region's verdict and why.
///
/// A defect *counts* when it is of `min_area` at least and its own score is `review_score` at least.
/// - `fail`: the region's score is `fail_score` at least and more than `max_defects` defects count;
///   or a defect that counts is larger than `max_area`.
/// - `review`: more than `max_defects` defects count, at any score of the region;
///   or `max_defects` is 0 and the region's score is `review_score` at least, though nothing counts (something too
///   small or too diffuse to be outlined);
///   or draft and refined masks agree less than `min_agreement`.
/// - `pass`: none of these.
///
/// With `max_defects` above 0 that many defects are tolerated whatever the score, `max_area` bounding each: a score
/// cannot tell a tolerated defect from another. The rule is monotone: a stricter limit, a higher score, a lower agreement,
/// one more or one larger defect never gives a better verdict.
struct Judgement: Equatable {
    var verdict: Verdict
    var because: [String]
}

/// What was measured in a region, as far as the verdict depends on it.
struct RegionEvidence: Equatable, Sendable {
    struct Finding: Equatable, Sendable {
        var areaPx: Int
        var score: Double
    }

    var score: Double
    var agreement: Double
    /// Every component of the refined mask, the small ones too.
    var components: [Finding]
}

extension ResolvedLimits {
    func counts(_ finding: RegionEvidence.Finding) -> Bool {
        isDefect(areaPx: finding.areaPx) && finding.score >= reviewScore
    }

    func judge(_ evidence: RegionEvidence) -> Judgement {
        let counted = evidence.components.count { counts($0) }
        let largest = evidence.components.filter(counts).map(\.areaPx).max() ?? 0
        let score = evidence.score.forMessage
        let tooMany = counted > maxDefects
        let tooManyText = "\(counted) \(counted == 1 ? "defect" : "defects") > max_defects \(maxDefects)"

        var fail: [String] = [], review: [String] = []
        if tooMany, evidence.score >= failScore {
            fail.append("score \(score) ≥ fail_score \(failScore.short) and \(tooManyText)")
        } else if tooMany {
            review.append("\(tooManyText), score \(score) < fail_score \(failScore.short)")
        } else if maxDefects == 0, evidence.score >= reviewScore {
            let limit = evidence.score >= failScore
                ? "fail_score \(failScore.short)" : "review_score \(reviewScore.short)"
            review.append("score \(score) ≥ \(limit), but no defect counts\(smallText(evidence))")
        }
        if isTooLarge(areaPx: largest) {
            fail.append("largest defect \(areaText(largest)) > max_area \(source.maxArea?.text ?? "")")
        }
        if let minAgreement, evidence.agreement < minAgreement {
            review.append("agreement \(evidence.agreement.forMessage) < min_agreement \(minAgreement.short)")
        }
        if !fail.isEmpty { return Judgement(verdict: .fail, because: fail + review) }
        if !review.isEmpty { return Judgement(verdict: .review, because: review) }
        guard counted > 0 else {
            // Only with max_defects above 0: with 0 this would be up for review.
            let reached = evidence.score >= reviewScore
            return Judgement(verdict: .pass, because: reached ? ["score \(score), but no defect counts and max_defects is \(maxDefects)"] : [])
        }
        let tolerated = "\(counted) \(counted == 1 ? "defect" : "defects") ≤ max_defects \(maxDefects), score \(score)"
        return Judgement(verdict: .pass, because: [tolerated])
    }

    private func smallText(_ evidence: RegionEvidence) -> String {
        guard let largest = evidence.components.map(\.areaPx).max() else { return ": nothing has a probability above 0.5" }
        return isDefect(areaPx: largest)
            ? ": none scores review_score \(reviewScore.short)"
            : ": the largest spot, \(areaText(largest)), is below min_area \(source.minArea?.text ?? "")"
    }

    private func areaText(_ areaPx: Int) -> String {
        areaMm2(areaPx).map { "\(areaPx) px (\($0.forMessage) mm²)" } ?? "\(areaPx) px"
    }
}

extension Double {
    /// Rounded to three decimals: what a person reads. Decisions use the number itself.
    var forMessage: String { ((self * 1000).rounded() / 1000).short }
}
