import Testing
@testable import SelfPerception

/// Expected values from scikit-learn 1.9.1, SciPy 1.17.1 and the definitions of anomalib 2.2 on the same numbers.
struct RankingTests {
    private var ranking: Ranking {
        var numbers = LinearCongruence(state: 7)
        let good = (0..<101).map { _ in Double(numbers.below(1000)) / 1000 }
        let defective = (0..<101).map { _ in Double(min(1000, numbers.below(1000) + 250)) / 1000 }
        return Ranking(defective: defective, good: good)
    }

    @Test func auroc_AndBestF1_EqualScikitLearn() throws {
        #expect(abs(try #require(ranking.auroc) - 0.6827761984119204) < 1e-12)
        let best = try #require(ranking.bestF1)
        #expect(abs(best.value - 0.7137809187279153) < 1e-12)
        let errors = ranking.errors(at: best.limit)
        let caught = Double(errors.defective - errors.escapes)
        #expect(abs(2 * caught / (2 * caught + Double(errors.overkill + errors.escapes)) - best.value) < 1e-12, "the limit is the one that reaches it")
    }

    /// With 101 parts of each kind the quantiles fall on parts, and interpolating does nothing.
    @Test(arguments: [
        (0.0, 0.19801980198019803, 0.26732673267326734), (0.01, 0.2079207920792079, 0.26732673267326734),
        (0.05, 0.27722772277227725, 0.297029702970297), (0.1, 0.3564356435643564, 0.32673267326732675),
    ])
    func presortedGoodAndBad_EqualAnomalib(rate: Double, good: Double, bad: Double) throws {
        #expect(abs(try #require(ranking.presortedGood(atEscapeRate: rate)) - good) < 1e-12)
        #expect(abs(try #require(ranking.presortedBad(atOverkillRate: rate)) - bad) < 1e-12)
    }

    @Test func limits_KeepTheirRate_AndTheNextScoreDoesNot() {
        let ranking = ranking
        for count in 0..<101 {
            let strict = ranking.limit(forEscapes: count)
            #expect(ranking.errors(at: strict).escapes <= count)
            #expect(ranking.errors(at: strict.nextUp).escapes > count)
            let loose = ranking.limit(forOverkill: count)
            #expect(ranking.errors(at: loose).overkill <= count)
            #expect(ranking.errors(at: loose.nextDown).overkill > count)
        }
        #expect(ranking.errors(at: ranking.limit(forEscapes: 101)).overkill == 0, "when all may escape, nothing fails")
        #expect(ranking.errors(at: ranking.limit(forOverkill: 101)).escapes == 0)
    }

    @Test func withoutPartsOfAKind_ThereIsNoFigure() {
        let none = Ranking(defective: [], good: [0.5])
        #expect(none.bestF1 == nil && none.presortedGood(atEscapeRate: 0) == nil && none.presortedBad(atOverkillRate: 0) == nil)
    }

    @Test(arguments: [
        (0, 77, 0.0, 0.0467780681604041, 0.038158510711545454),
        (9, 77, 0.05486247681175016, 0.21031896808670633, 0.19510037528507806),
        (23, 191, 0.07788814626468939, 0.17519213891177848, 0.16627029143739738),
        (1, 1, 0.025, 1.0, 1.0), (191, 191, 0.9808718058241537, 1.0, 1.0),
        (500, 100_000, 0.0045722441500705875, 0.005456841177010281, 0.005382730759818748),
        (3, 4, 0.19412044968324338, 0.9936905367902902, 0.9872585449014338),
    ])
    func intervals_EqualSciPysBetaQuantiles(count: Int, total: Int, lower: Double, upper: Double, oneSided: Double) {
        let interval = BinomialInterval(count, of: total)
        #expect(abs(interval.lower - lower) < 1e-10 && abs(interval.upper - upper) < 1e-10)
        #expect(abs(BinomialInterval.upperBound(count, of: total) - oneSided) < 1e-10)
    }

    @Test(arguments: [(0, 0.02, 149), (0, 0.05, 59), (1, 0.02, 236), (3, 0.1, 76), (0, 0.001, 2995)])
    func trialsNeeded_AreTheFewestThatBoundTheRate(count: Int, rate: Double, expected: Int) {
        let needed = BinomialInterval.trialsNeeded(count, toBound: rate)
        #expect(needed == expected)
        #expect(BinomialInterval.upperBound(count, of: needed) <= rate && BinomialInterval.upperBound(count, of: needed - 1) > rate)
    }

    @Test func ofNothing_NothingIsKnown() {
        #expect(BinomialInterval(0, of: 0) == BinomialInterval(lower: 0, upper: 1))
    }
}

extension BinomialInterval {
    fileprivate init(lower: Double, upper: Double) {
        self.init(0, of: 0)
        (self.lower, self.upper) = (lower, upper)
    }
}
