import Foundation
import SelfPerception

/// What limits are chosen for: a rate that is not to be exceeded, with a confidence.
public struct CalibrationGoal: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable {
        /// Defective parts that pass, or that were not inspected.
        case escapes
        /// Good parts that fail or are up for review.
        case overkill
    }

    public var kind: Kind
    /// Between 0 and 1.
    public var rate: Double
    public var confidence: Double

    public init(_ kind: Kind, atMost rate: Double, confidence: Double = 0.95) {
        precondition(rate > 0 && rate < 1 && confidence > 0 && confidence < 1)
        self.kind = kind
        self.rate = rate
        self.confidence = confidence
    }

    /// The most errors among so many parts that bound the rate; nil where not even none do: there are too few parts.
    func allowed(of total: Int) -> Int? {
        var most: Int?
        var count = 0
        while count < total, BinomialInterval.upperBound(count, of: total, confidence: confidence) <= rate {
            most = count
            count += 1
        }
        return most
    }

    /// The most errors to allow among the parts that a limit is chosen on, so that the held-out parts will probably show the goal.
    ///
    /// Where the limit lies at the (k + 1)-th of n scores, the rate of errors behind it is distributed as Beta(k + 1, n − k), whatever the
    /// scores' distribution (order statistics), and the errors among m others as the beta-binomial of it. Allowing as many errors
    /// as the goal would among the n themselves fails on others about every second time.
    ///
    /// - Returns: 0 where not even that is probable.
    func allowed(choosingOn total: Int, heldOut: Int) -> Int {
        guard let most = allowed(of: heldOut) else { return 0 }
        func isProbable(_ count: Int) -> Bool {
            Self.chance(ofAtMost: most, of: heldOut, Double(count + 1), Double(total - count)) >= Self.assurance
        }
        var count = 0
        while count + 1 < total, isProbable(count + 1) { count += 1 }
        return count
    }

    /// How probable it should be that the held-out parts show the goal.
    static let assurance = 0.8

    /// The distribution function of the beta-binomial: Σ C(m, j) B(j + a, m − j + b) / B(a, b) for j from 0 to `most`.
    static func chance(ofAtMost most: Int, of total: Int, _ a: Double, _ b: Double) -> Double {
        func logBeta(_ a: Double, _ b: Double) -> Double { lgamma(a) + lgamma(b) - lgamma(a + b) }
        let m = Double(total)
        return (0...most).reduce(0) { sum, count in
            let j = Double(count), choices = -log(m + 1) - logBeta(m - j + 1, j + 1)
            return sum + exp(choices + logBeta(j + a, m - j + b) - logBeta(a, b))
        }
    }

    /// How many more parts would bound the rate, if none of them is an error too.
    func missing(errors: Int, of total: Int) -> Int {
        max(0, BinomialInterval.trialsNeeded(errors, toBound: rate, confidence: confidence) - total)
    }

    public var text: String {
        "at most \((rate * 100).forMessage)% \(kind.rawValue) at \((confidence * 100).forMessage)% confidence"
    }
}
