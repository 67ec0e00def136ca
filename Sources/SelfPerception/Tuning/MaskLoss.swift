#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Imaging
import Tensor

/// SPT's loss of one mask: binary cross-entropy and dice, both over points sampled from logits and truth.
///
/// With logits zᵢ, p = σ(z) and truth tᵢ at n points: BCE = 1/n Σ max(z, 0) − z·t + ln(1 + e^−|z|) and
/// dice = 1 − (2 Σ p·t + 1) / (Σ p + Σ t + 1), as in the published mask losses of Mask2Former that SPT's recipe uses.
///
/// Those never meet an empty truth. There dice would be Σ p / (Σ p + 1), whose slope at a point is up to n times that of the
/// cross-entropy: one doubtful point on a good part would outweigh whole defects, and Adam, which divides by the size of past
/// gradients, would learn little else. Without truth at any point the loss is the cross-entropy alone.
public struct MaskLoss: Sendable, Equatable {
    public var crossEntropy: Double
    public var dice: Double

    public init(crossEntropy: Double = 0, dice: Double = 0) {
        self.crossEntropy = crossEntropy
        self.dice = dice
    }

    public var total: Double { crossEntropy + dice }

    /// The loss at `points`, and its gradient.
    ///
    /// - Parameters:
    ///   - logits: a map of `size`, row by row.
    ///   - truth: 0…1, with a size of its own.
    ///   - weight: what the derivative is multiplied by; the loss itself is as it is.
    ///   - gradient: of the logits' shape; the loss's derivative is added to it.
    public init(
        logits: UnsafePointer<Float>, size: PixelSize, truth: TruthMap, points: [SamplePoint],
        weight: Float = 1, gradient: UnsafeMutablePointer<Float>?
    ) {
        let count = points.count
        var crossEntropy = 0.0, overlap = 0.0, predicted = 0.0, marked = 0.0
        var samples: [(logit: Float, probability: Float, truth: Float)] = []
        samples.reserveCapacity(count)
        for point in points {
            let z = BilinearSample(point, size).value(of: logits), t = truth.value(at: point)
            let decay = exponential(Float8(repeating: -abs(z)))[0]
            let p = z >= 0 ? 1 / (1 + decay) : decay / (1 + decay)
            crossEntropy += Double(max(z, 0) - z * t) + Self.logOnePlus(Double(decay))
            overlap += Double(p * t)
            predicted += Double(p)
            marked += Double(t)
            samples.append((z, p, t))
        }
        let n = Double(max(1, count)), top = 2 * overlap + 1, bottom = predicted + marked + 1
        self.crossEntropy = crossEntropy / n
        let isEmpty = marked == 0
        dice = isEmpty ? 0 : 1 - top / bottom
        guard let gradient else { return }
        for (point, sample) in zip(points, samples) {
            let (p, t) = (Double(sample.probability), Double(sample.truth))
            let overlap = isEmpty ? 0 : (top / (bottom * bottom) - 2 * t / bottom) * p * (1 - p)
            let slope = (p - t) / n + overlap
            BilinearSample(point, size).add(weight * Float(slope), to: gradient)
        }
    }

    private static func logOnePlus(_ x: Double) -> Double { x < 1e-5 ? x - x * x / 2 : log(1 + x) }
}
