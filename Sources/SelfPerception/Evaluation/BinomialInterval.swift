import Foundation

/// What a count among so many trials says about the rate behind it.
///
/// The interval of Clopper and Pearson (Biometrika 26, 1934): with k of n, its ends are the ½(1 − confidence) quantile of
/// Beta(k, n − k + 1) and the 1 − ½(1 − confidence) quantile of Beta(k + 1, n − k). It covers the true rate with at least
/// the confidence, whatever the rate.
public struct BinomialInterval: Sendable, Equatable, Codable {
    /// Both 0 … 1. Of no trials nothing is known: 0 and 1.
    public var lower: Double
    public var upper: Double

    /// - Precondition: `count` is from 0 to `total`.
    public init(_ count: Int, of total: Int, confidence: Double = 0.95) {
        precondition(count >= 0 && count <= total)
        let tail = (1 - confidence) / 2
        lower = count == 0 ? 0 : Self.quantile(tail, Double(count), Double(total - count + 1))
        upper = Self.upperBound(count, of: total, confidence: 1 - tail)
    }

    /// The rate that is not exceeded with this confidence, by the same reasoning on one side: the quantile of
    /// Beta(k + 1, n − k). With a count of 0 it is 1 − (1 − confidence)^(1/n).
    public static func upperBound(_ count: Int, of total: Int, confidence: Double = 0.95) -> Double {
        precondition(count >= 0 && count <= total)
        return count == total ? 1 : quantile(confidence, Double(count + 1), Double(total - count))
    }

    /// How many trials it takes until `count` among them bound the rate by `rate`; with a count of 0, n ≥ ln(1 − confidence) / ln(1 − rate).
    ///
    /// More than ``mostTrials`` are not counted: nobody will make them.
    ///
    /// - Precondition: `rate` lies between 0 and 1.
    public static func trialsNeeded(_ count: Int, toBound rate: Double, confidence: Double = 0.95) -> Int {
        precondition(rate > 0 && rate < 1 && count >= 0)
        guard count < mostTrials, upperBound(count, of: mostTrials, confidence: confidence) <= rate else { return mostTrials }
        var high = max(1, count)
        while upperBound(count, of: high, confidence: confidence) > rate { high = min(2 * high, mostTrials) }
        var low = high / 2
        // The bound falls with the number of trials: `low` is too few, `high` is enough.
        while high - low > 1 {
            let middle = (low + high) / 2
            if middle >= count, upperBound(count, of: middle, confidence: confidence) <= rate { high = middle } else { low = middle }
        }
        return high
    }

    public static let mostTrials = 1_000_000_000

    /// The x with I_x(a, b) = `share`, by bisection: the function rises from 0 to 1.
    private static func quantile(_ share: Double, _ a: Double, _ b: Double) -> Double {
        var low = 0.0, high = 1.0
        while true {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high, high - low > 1e-15 * high else { return middle }
            if regularizedIncompleteBeta(middle, a, b) < share { low = middle } else { high = middle }
        }
    }
}
