/// How well a score separates defective parts from good ones.
public struct Ranking: Sendable {
    public let defective: [Double]
    public let good: [Double]

    public init(defective: [Double], good: [Double]) {
        self.defective = defective.sorted()
        self.good = good.sorted()
    }

    /// The chance that a defective part scores higher than a good one, ties counting half; nil without parts of a kind.
    public var auroc: Double? {
        guard !defective.isEmpty, !good.isEmpty else { return nil }
        var wins = 0.0
        var below = 0, through = 0
        for score in defective {
            while below < good.count, good[below] < score { below += 1 }
            through = max(through, below)
            while through < good.count, good[through] <= score { through += 1 }
            wins += Double(below) + 0.5 * Double(through - below)
        }
        return wins / (Double(defective.count) * Double(good.count))
    }

    /// Errors when every part that scores `limit` or more fails.
    public struct Errors: Sendable, Equatable, Codable {
        public var limit: Double
        /// Defective parts that pass, of `defective`.
        public var escapes: Int
        public var defective: Int
        /// Good parts that fail, of `good`.
        public var overkill: Int
        public var good: Int

        public var escapeRate: Double { defective == 0 ? 0 : Double(escapes) / Double(defective) }
        public var overkillRate: Double { good == 0 ? 0 : Double(overkill) / Double(good) }
    }

    public func errors(at limit: Double) -> Errors {
        Errors(
            limit: limit, escapes: defective.prefix { $0 < limit }.count, defective: defective.count,
            overkill: good.count - good.prefix { $0 < limit }.count, good: good.count)
    }

    /// The errors at the limit where escape rate and overkill rate are closest, taken among the scores themselves.
    public var balanced: Errors? {
        guard !defective.isEmpty, !good.isEmpty else { return nil }
        func imbalance(_ errors: Errors) -> Double { abs(errors.escapeRate - errors.overkillRate) }
        return (defective + good).map(errors(at:)).min {
            (imbalance($0), $0.limit) < (imbalance($1), $1.limit)
        }
    }
}
