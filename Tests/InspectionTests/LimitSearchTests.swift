import SelfPerception
import Testing
@testable import Inspection

@Suite struct LimitSearchTests {
    private static func evidence(_ seeded: inout Seeded) -> RegionEvidence {
        func unit() -> Double { Double.random(in: 0...1, using: &seeded) }
        let components = (0..<Int.random(in: 0...4, using: &seeded)).map { _ in
            RegionEvidence.Finding(areaPx: Int.random(in: 1...60, using: &seeded), score: 0.5 + unit() / 2)
        }
        return RegionEvidence(score: unit(), agreement: unit(), components: components)
    }

    @Test func stopAndFailLevel_SayWhereTheVerdictTurns() {
        var seeded = Seeded(1)
        for round in 0..<20_000 {
            let evidence = Self.evidence(&seeded)
            var limits = Limits()
            let scores = [Double.random(in: 0...1, using: &seeded), Double.random(in: 0...1, using: &seeded)].sorted()
            (limits.reviewScore, limits.failScore) = (scores[0], scores[1])
            limits.maxDefects = Int.random(in: 0...2, using: &seeded)
            if Bool.random(using: &seeded) { limits.minArea = .px(Double(Int.random(in: 0...30, using: &seeded))) }
            if Bool.random(using: &seeded) { limits.maxArea = .px(Double(Int.random(in: 30...60, using: &seeded))) }
            if round.isMultiple(of: 4) { limits.minAgreement = 0.2 }
            let resolved = ResolvedLimits(limits, pixelsPerMm: nil, areaScale: 1)
            let verdict = resolved.judge(evidence).verdict
            #expect((verdict == .pass) == (limits.reviewScore > resolved.stopLevel(evidence)), "\(limits) \(evidence)")
            #expect((verdict == .fail) == (limits.failScore <= resolved.failLevel(evidence)), "\(limits) \(evidence)")
        }
    }

    private static func cases(_ count: Int, seed: UInt64) -> [LimitSearch.Case] {
        var seeded = Seeded(seed)
        return (0..<count).map { index in
            let isDefective = index.isMultiple(of: 3)
            // Defective parts score higher; good ones have specks.
            var evidence = evidence(&seeded)
            evidence.score = isDefective ? 0.4 + 0.6 * evidence.score : 0.7 * evidence.score
            evidence.components = evidence.components.map {
                .init(areaPx: isDefective ? $0.areaPx + 20 : $0.areaPx / 4 + 1, score: $0.score)
            }
            return .init(isDefective: isDefective, areaScale: 1, evidence: [evidence])
        }
    }

    private static func errors(_ limits: Limits, _ cases: [LimitSearch.Case]) -> (escapes: Int, overkill: Int, fails: Int) {
        let resolved = ResolvedLimits(limits, pixelsPerMm: nil, areaScale: 1)
        let verdicts = cases.map { ($0.isDefective, resolved.judge($0.evidence[0]).verdict) }
        return (
            verdicts.count { $0.0 && $0.1 == .pass }, verdicts.count { !$0.0 && $0.1 != .pass },
            verdicts.count { !$0.0 && $0.1 == .fail })
    }

    @Test(arguments: [UInt64(2), 3, 4])
    func chosenLimits_KeepTheEscapeRate_AndNoOthersStopFewerGoodParts(seed: UInt64) throws {
        let cases = Self.cases(600, seed: seed), goal = CalibrationGoal(.escapes, atMost: 0.05)
        let search = LimitSearch(goal: goal, pixelsPerMm: nil, heldOutRatio: 1)
        let chosen = try #require(search.limits(startingFrom: [Limits()], on: cases)?.first)
        let errors = Self.errors(chosen, cases)
        let allowed = search.allowed(of: 200)
        #expect(errors.escapes <= allowed)
        #expect(chosen.failScore >= chosen.reviewScore && errors.fails <= 20, "5% of 400 good parts")
        // By brute force, over every score and a few areas.
        for area in [nil, 5, 10, 16, 20, 40] as [Double?] {
            for step in 0...200 {
                var limits = Limits()
                limits.minArea = area.map { .px($0) }
                (limits.reviewScore, limits.failScore) = (Double(step) / 200, 1)
                let other = Self.errors(limits, cases)
                #expect(other.escapes > allowed || other.overkill >= errors.overkill, "\(limits)")
            }
        }
    }

    @Test func chosenLimits_KeepTheOverkillRate() throws {
        let cases = Self.cases(600, seed: 9), goal = CalibrationGoal(.overkill, atMost: 0.1)
        let search = LimitSearch(goal: goal, pixelsPerMm: nil, heldOutRatio: 1)
        let chosen = try #require(search.limits(startingFrom: [Limits()], on: cases)?.first)
        let errors = Self.errors(chosen, cases), allowed = search.allowed(of: 400)
        #expect(errors.overkill <= allowed)
        var stricter = chosen
        stricter.reviewScore -= 0.02
        let next = Self.errors(stricter, cases)
        #expect(next.overkill > allowed || next.escapes >= errors.escapes, "a stricter limit would break the rate, or gain nothing")
    }

    @Test func otherLimits_StayAsTheyAre() throws {
        var limits = Limits()
        limits.maxArea = .mm2(3)
        limits.minArea = .mm2(0.1)
        limits.minAgreement = 0.1
        let search = LimitSearch(goal: CalibrationGoal(.escapes, atMost: 0.05), pixelsPerMm: 5, heldOutRatio: 1)
        let chosen = try #require(search.limits(startingFrom: [limits], on: Self.cases(300, seed: 5))?.first)
        #expect(chosen.maxDefects == 0 && chosen.maxArea == .mm2(3) && chosen.minAgreement == 0.1)
        guard case .mm2(let area) = chosen.minArea else { return #expect(Bool(false), "the unit stays") }
        #expect(area <= 3)
    }

    /// Good parts have one speck, of up to 20 pixels; defective ones one spot of 30 or more: only its size tells it from a speck.
    @Test func largestArea_IsChosen_WhereItStopsWhatIsToleratedOtherwise() throws {
        let cases = (0..<300).map { index -> LimitSearch.Case in
            let isDefective = index.isMultiple(of: 3), area = isDefective ? 30 + index % 40 : 1 + index % 20
            let evidence = RegionEvidence(score: 0.9, agreement: 1, components: [.init(areaPx: area, score: 0.9)])
            return .init(isDefective: isDefective, areaScale: 1, evidence: [evidence])
        }
        var limits = Limits()
        limits.maxDefects = 1
        limits.maxArea = .px(500)
        let search = LimitSearch(goal: CalibrationGoal(.escapes, atMost: 0.05), pixelsPerMm: nil, heldOutRatio: 1)
        #expect(Self.errors(limits, cases).escapes == 100)
        let chosen = try #require(search.limits(startingFrom: [limits], on: cases)?.first)
        guard case .px(let area) = chosen.maxArea else { return #expect(Bool(false), "the unit stays") }
        #expect(area >= 20 && area < 30)
        let errors = Self.errors(chosen, cases)
        #expect(errors.escapes == 0 && errors.overkill == 0)
    }

    @Test func withoutPartsOfAKind_NothingIsChosen() {
        let good = Self.cases(30, seed: 1).filter { !$0.isDefective }
        let search = LimitSearch(goal: CalibrationGoal(.escapes, atMost: 0.05), pixelsPerMm: nil, heldOutRatio: 1)
        #expect(search.limits(startingFrom: [Limits()], on: good) == nil)
    }

    /// Of two samples of one distribution, the second shows the goal about as often as is aimed at.
    @Test func errorsAllowedWhileChoosing_LetTheHeldOutPartsShowTheGoal() throws {
        let goal = CalibrationGoal(.escapes, atMost: 0.08), most = try #require(goal.allowed(of: 156))
        let count = goal.allowed(choosingOn: 155, heldOut: 156)
        #expect(count > 0 && count < most)
        var seeded = Seeded(6), shown = 0
        for _ in 0..<2000 {
            let chosenOn = (0..<155).map { _ in Double.random(in: 0...1, using: &seeded) }.sorted()
            let escapes = (0..<156).count { _ in Double.random(in: 0...1, using: &seeded) < chosenOn[count] }
            if escapes <= most { shown += 1 }
        }
        let expected = CalibrationGoal.chance(ofAtMost: most, of: 156, Double(count + 1), Double(155 - count))
        #expect(expected >= 0.8 && abs(Double(shown) / 2000 - expected) < 0.04, "four standard deviations")
        #expect(abs(CalibrationGoal.chance(ofAtMost: 156, of: 156, 3, 50) - 1) < 1e-9)
        // scipy.stats.betabinom.cdf
        #expect(abs(CalibrationGoal.chance(ofAtMost: 7, of: 156, 4, 152) - 0.8888524853734923) < 1e-9)
        #expect(abs(CalibrationGoal.chance(ofAtMost: 5, of: 100, 3, 98) - 0.8604783410287895) < 1e-9)
        #expect(goal.allowed(choosingOn: 20, heldOut: 20) == 0)
    }

    @Test func goals_KnowHowManyErrorsTheyAllow_AndHowManyPartsAreMissing() {
        let goal = CalibrationGoal(.escapes, atMost: 0.02)
        #expect(goal.allowed(of: 148) == nil, "149 parts without an escape are the fewest")
        #expect(goal.allowed(of: 149) == 0 && goal.allowed(of: 236) == 1)
        #expect(goal.missing(errors: 0, of: 38) == 111 && goal.missing(errors: 1, of: 38) == 198 && goal.missing(errors: 0, of: 200) == 0)
    }
}
