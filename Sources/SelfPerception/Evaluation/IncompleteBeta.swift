import Foundation

/// The regularised incomplete beta function I_x(a, b), which is the distribution function of the beta distribution.
///
/// By the continued fraction of DLMF 8.17.22 (https://dlmf.nist.gov/8.17.E22),
/// I_x(a, b) = x^a (1 − x)^b / (a·B(a, b)) · 1/(1 + d₁/(1 + d₂/(1 + …))) with
/// d₂ₘ = m(b − m)x / ((a + 2m − 1)(a + 2m)) and d₂ₘ₊₁ = −(a + m)(a + b + m)x / ((a + 2m)(a + 2m + 1)),
/// evaluated from the front by Lentz's method as Thompson and Barnett modified it (J. Comput. Phys. 64, 1986). It converges
/// fast for x < (a + 1)/(a + b + 2); beyond that I_x(a, b) = 1 − I_{1−x}(b, a).
///
/// - Precondition: a and b are positive.
func regularizedIncompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    precondition(a > 0 && b > 0)
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - regularizedIncompleteBeta(1 - x, b, a) }
    let logBeta = lgamma(a) + lgamma(b) - lgamma(a + b)
    let front = exp(a * log(x) + b * log1p(-x) - logBeta) / a
    return front / betaFraction(x, a, b)
}

/// 1 + d₁/(1 + d₂/(1 + …)) of ``regularizedIncompleteBeta(_:_:_:)``.
private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    // What a vanishing numerator or denominator is replaced by, so that the next division is defined.
    let tiny = 1e-300
    var value = 1.0, numerator = 1.0, denominator = 0.0
    // Some √(max(a, b)) steps are needed; this many serve counts of hundreds of millions.
    for step in 1...100_000 {
        let m = Double(step / 2)
        let d = step.isMultiple(of: 2)
            ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        denominator = 1 + d * denominator
        if abs(denominator) < tiny { denominator = tiny }
        denominator = 1 / denominator
        numerator = 1 + d / numerator
        if abs(numerator) < tiny { numerator = tiny }
        let change = numerator * denominator
        value *= change
        if abs(change - 1) < 1e-15 { break }
    }
    return value
}
