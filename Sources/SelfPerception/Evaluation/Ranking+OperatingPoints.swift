/// What a ranking is worth at the limits that people ask for. Each of these is the best that any limit reaches on these very
/// parts: a property of the ranking, as AUROC is, not a promise about other parts.
extension Ranking {
    /// The highest limit at which at most `count` defective parts escape. Infinite where all may.
    public func limit(forEscapes count: Int) -> Double {
        precondition(count >= 0)
        return count < defective.count ? defective[count] : .infinity
    }

    /// The lowest limit at which at most `count` good parts fail. Minus infinity where all may.
    public func limit(forOverkill count: Int) -> Double {
        precondition(count >= 0)
        return count < good.count ? good[good.count - 1 - count].nextUp : -.infinity
    }

    /// The errors at the highest limit that keeps to an escape rate.
    public func errors(atEscapeRate rate: Double) -> Errors { errors(at: limit(forEscapes: Self.allowed(rate, of: defective.count))) }

    /// The errors at the lowest limit that keeps to an overkill rate.
    public func errors(atOverkillRate rate: Double) -> Errors { errors(at: limit(forOverkill: Self.allowed(rate, of: good.count))) }

    /// PGn of Baitieva et al. (CVPR workshops 2025, arXiv 2503.23451), "presorted good": the share of good parts that pass while at most
    /// n = `rate` of the defective parts do. Their code interpolates a quantile and may let one part more escape; here the
    /// rate is kept. nil without parts of a kind.
    public func presortedGood(atEscapeRate rate: Double) -> Double? {
        defective.isEmpty || good.isEmpty ? nil : 1 - errors(atEscapeRate: rate).overkillRate
    }

    /// PBn of the same paper, "presorted bad": the share of defective parts that fail while at most n = `rate` of the good parts do.
    public func presortedBad(atOverkillRate rate: Double) -> Double? {
        defective.isEmpty || good.isEmpty ? nil : 1 - errors(atOverkillRate: rate).escapeRate
    }

    /// The highest F1 = 2·TP / (2·TP + FP + FN) of "defective" that any limit reaches, with that limit; nil without defective parts.
    public var bestF1: (value: Double, limit: Double)? {
        var best: (value: Double, limit: Double)?
        var escapes = 0, goodBelow = 0
        for limit in defective where limit != best?.limit {
            // Between two defective scores a limit only lets more good parts fail.
            while escapes < defective.count, defective[escapes] < limit { escapes += 1 }
            while goodBelow < good.count, good[goodBelow] < limit { goodBelow += 1 }
            let caught = Double(defective.count - escapes), overkill = Double(good.count - goodBelow)
            let value = 2 * caught / (2 * caught + overkill + Double(escapes))
            if value > best?.value ?? -1 { best = (value, limit) }
        }
        return best
    }

    /// Parts that a rate allows: the whole number below, but for what multiplying costs in the last bits.
    private static func allowed(_ rate: Double, of count: Int) -> Int { Int((rate * Double(count) + 1e-9).rounded(.down)) }
}

extension Ranking.Errors {
    /// 95% intervals by Clopper and Pearson.
    public var escapeInterval: BinomialInterval { BinomialInterval(escapes, of: defective) }
    public var overkillInterval: BinomialInterval { BinomialInterval(overkill, of: good) }
}
