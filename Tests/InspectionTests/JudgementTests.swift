import Testing
@testable import Inspection

@Suite struct JudgementTests {
    private typealias Finding = RegionEvidence.Finding

    private func limits(_ change: (inout Limits) -> Void = { _ in }) -> ResolvedLimits {
        var limits = Limits()
        change(&limits)
        return ResolvedLimits(limits, pixelsPerMm: nil, areaScale: 1)
    }

    private func evidence(_ score: Double, _ components: [(Int, Double)] = [], agreement: Double = 1) -> RegionEvidence {
        RegionEvidence(score: score, agreement: agreement, components: components.map { .init(areaPx: $0.0, score: $0.1) })
    }

    @Test func nothingFound_Passes() {
        let judgement = limits().judge(evidence(0.1))
        #expect(judgement == Judgement(verdict: .pass, because: []))
    }

    @Test func strongDefect_Fails() {
        let judgement = limits().judge(evidence(0.83, [(40, 0.9)]))
        #expect(judgement.verdict == .fail)
        #expect(judgement.because == ["score 0.83 ≥ fail_score 0.6 and 1 defect > max_defects 0"])
    }

    @Test func limitsThemselves_AreReached() {
        #expect(limits().judge(evidence(0.6, [(1, 0.7)])).verdict == .fail)
        #expect(limits().judge(evidence(0.4)).verdict == .review)
        #expect(limits().judge(evidence(0.4.nextDown)).verdict == .pass)
        #expect(limits { $0.minArea = .px(12) }.judge(evidence(0.6, [(12, 0.7)])).verdict == .fail)
        #expect(limits { $0.maxArea = .px(12); $0.maxDefects = 1 }.judge(evidence(0.6, [(12, 0.7)])).verdict == .pass)
        #expect(limits { $0.minAgreement = 0.3 }.judge(evidence(0, agreement: 0.3)).verdict == .pass)
    }

    @Test func weakDefect_IsForReview() {
        let judgement = limits().judge(evidence(0.2, [(40, 0.6)]))
        #expect(judgement.verdict == .review)
        #expect(judgement.because == ["1 defect > max_defects 0, score 0.2 < fail_score 0.6"])
    }

    @Test func diffuseScore_IsForReview() {
        let judgement = limits().judge(evidence(0.45))
        #expect(judgement.verdict == .review)
        #expect(judgement.because == [
            "score 0.45 ≥ review_score 0.4, but no defect counts: nothing has a probability above 0.5",
        ])
    }

    @Test func strongSpotBelowMinArea_IsForReviewAndSaysSo() {
        let judgement = limits { $0.minArea = .px(12) }.judge(evidence(0.83, [(4, 0.95)]))
        #expect(judgement.verdict == .review)
        #expect(judgement.because == [
            "score 0.83 ≥ fail_score 0.6, but no defect counts: the largest spot, 4 px, is below min_area 12 px",
        ])
    }

    @Test func toleratedDefects_PassAndSaySo() {
        let judgement = limits { $0.maxDefects = 2 }.judge(evidence(0.95, [(30, 0.9), (40, 0.9)]))
        #expect(judgement == Judgement(verdict: .pass, because: ["2 defects ≤ max_defects 2, score 0.95"]))
        #expect(limits { $0.maxDefects = 1 }.judge(evidence(0.95, [(30, 0.9), (40, 0.9)])).verdict == .fail)
    }

    @Test func oneLargeDefect_FailsWhateverTheCountAllows() {
        let judgement = limits { $0.maxDefects = 5; $0.maxArea = .px(100) }.judge(evidence(0.5, [(101, 0.6)]))
        #expect(judgement == Judgement(verdict: .fail, because: ["largest defect 101 px > max_area 100 px"]))
    }

    @Test func disagreement_IsForReview() {
        let judgement = limits { $0.minAgreement = 0.3 }.judge(evidence(0.1, agreement: 0.2))
        #expect(judgement == Judgement(verdict: .review, because: ["agreement 0.2 < min_agreement 0.3"]))
    }

    private func sample(_ random: inout Seeded) -> (Limits, RegionEvidence) {
        var limits = Limits()
        limits.failScore = .random(in: 0.3...1, using: &random)
        limits.reviewScore = .random(in: 0...limits.failScore, using: &random)
        limits.maxDefects = .random(in: 0...3, using: &random)
        if Bool.random(using: &random) { limits.minArea = .px(.random(in: 0...60, using: &random)) }
        if Bool.random(using: &random) { limits.maxArea = .px(.random(in: 60...120, using: &random)) }
        if Bool.random(using: &random) { limits.minAgreement = .random(in: 0...1, using: &random) }
        let components = (0..<Int.random(in: 0...5, using: &random)).map { _ in
            (Int.random(in: 1...130, using: &random), Double.random(in: 0.5...1, using: &random))
        }
        return (limits, evidence(.random(in: 0...1, using: &random), components, agreement: .random(in: 0...1, using: &random)))
    }

    private func severity(_ limits: Limits, _ evidence: RegionEvidence) -> Int {
        ResolvedLimits(limits, pixelsPerMm: nil, areaScale: 1).judge(evidence).verdict.severity
    }

    @Test func stricterLimits_NeverGiveABetterVerdict() {
        var random = Seeded(4), changed = [Int](repeating: 0, count: 6)
        for _ in 0..<20_000 {
            let (limits, evidence) = sample(&random)
            let before = severity(limits, evidence)
            let stricter: [(inout Limits) -> Void] = [
                { $0.failScore = max($0.reviewScore, $0.failScore - 0.2) },
                { $0.reviewScore = max(0, $0.reviewScore - 0.3) },
                { $0.maxDefects = max(0, $0.maxDefects - 1) },
                { $0.minArea = nil },
                { $0.maxArea = .px(60) },
                { $0.minAgreement = min(1, ($0.minAgreement ?? 0) + 0.3) },
            ]
            for (index, change) in stricter.enumerated() {
                var other = limits
                change(&other)
                let after = severity(other, evidence)
                #expect(after >= before, "\(limits) → \(other) on \(evidence)")
                if after > before { changed[index] += 1 }
            }
        }
        #expect(changed.allSatisfy { $0 > 50 }, "every limit does something: \(changed)")
    }

    @Test func worseParts_NeverGetABetterVerdict() {
        var random = Seeded(5)
        for _ in 0..<20_000 {
            let (limits, evidence) = sample(&random)
            let before = severity(limits, evidence)
            var worse = [evidence, evidence, evidence, evidence]
            worse[0].score = min(1, evidence.score + 0.2)
            worse[1].agreement = max(0, evidence.agreement - 0.3)
            worse[2].components.append(.init(areaPx: .random(in: 1...130, using: &random), score: 0.8))
            if !evidence.components.isEmpty { worse[3].components[0].areaPx += 40 }
            for other in worse { #expect(severity(limits, other) >= before, "\(limits) on \(evidence) → \(other)") }
        }
    }

    @Test func everyVerdictButAPlainPass_SaysWhy() {
        var random = Seeded(6)
        for _ in 0..<5_000 {
            let (limits, evidence) = sample(&random)
            let resolved = ResolvedLimits(limits, pixelsPerMm: nil, areaScale: 1)
            let judgement = resolved.judge(evidence)
            let counted = evidence.components.count { resolved.counts($0) }
            #expect(judgement.because.isEmpty == (judgement.verdict == .pass && counted == 0 && evidence.score < resolved.reviewScore))
        }
    }

    @Test func aFrameIsAsBadAsItsWorstRegion() {
        #expect(Verdict.worst(of: [.pass, .review, .pass]) == .review)
        #expect(Verdict.worst(of: [.fail, .review, .pass]) == .fail)
        #expect(Verdict.worst(of: []) == .uninspected)
    }
}
