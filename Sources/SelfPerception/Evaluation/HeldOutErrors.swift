/// Errors of parts at limits that other parts chose.
public struct HeldOutErrors: Sendable, Codable, Equatable {
    /// What the limits were chosen for.
    public var target: String
    /// One, or each half's.
    public var limits: [Double]
    public var escapes = 0
    public var defective = 0
    public var overkill = 0
    public var good = 0
    /// 95%, by Clopper and Pearson.
    public var escapeInterval: BinomialInterval
    public var overkillInterval: BinomialInterval

    /// - Parameter errors: one for each limit, of different parts.
    init(target: String, _ errors: [Ranking.Errors]) {
        self.target = target
        limits = errors.map(\.limit)
        for one in errors {
            escapes += one.escapes
            defective += one.defective
            overkill += one.overkill
            good += one.good
        }
        escapeInterval = BinomialInterval(escapes, of: defective)
        overkillInterval = BinomialInterval(overkill, of: good)
    }

    /// The errors for each target; empty where the source has not both kinds of parts.
    ///
    /// - Parameter train: the train parts' scores, where limits come from them.
    static func all(
        _ targets: [LimitTarget], from source: LimitSource, parts: [EvaluatedPart], train: [EvaluatedPart], seed: UInt64
    ) -> [HeldOutErrors] {
        let ranking = Ranking(parts)
        switch source {
        case .given(let limit):
            return [HeldOutErrors(target: "given", [ranking.errors(at: limit)])]
        case .train:
            let chooser = Ranking(train)
            return targets.compactMap { target in
                target.limit(on: chooser).map { HeldOutErrors(target: target.text, [ranking.errors(at: $0)]) }
            }
        case .halves:
            let split = StratifiedSplit(isDefective: parts.map(\.isDefective), seed: seed)
            let halves = [true, false].map { half in Ranking(zip(parts, split.isHeldOut).filter { $0.1 == half }.map(\.0)) }
            return targets.compactMap { target in
                let limits = halves.compactMap { target.limit(on: $0) }
                guard limits.count == 2 else { return nil }
                return HeldOutErrors(target: target.text, [halves[1].errors(at: limits[0]), halves[0].errors(at: limits[1])])
            }
        }
    }
}

extension Ranking {
    init(_ parts: [EvaluatedPart]) {
        self.init(defective: parts.filter(\.isDefective).map(\.score), good: parts.filter { !$0.isDefective }.map(\.score))
    }
}
