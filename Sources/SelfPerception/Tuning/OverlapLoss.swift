import Imaging
import SegmentAnything

/// One minus the soft intersection over union of a whole mask and its truth: what a mask is measured by, where ``MaskLoss`` looks at
/// sampled points, most of them near the outline, and so hardly sees how much of a small defect is found.
///
/// With p = σ(z) and truth t at four places in each cell of the map, I = Σ p·t and U = Σ p + Σ t − I, the loss is
/// 1 − (I + 1) / (U + 1) (Rahman and Wang, "Optimizing intersection-over-union in deep neural networks for image segmentation",
/// 2016; the ones keep a tiny defect's slope bounded). A truth that is empty everywhere has none: see ``MaskLoss``.
struct OverlapLoss {
    private let grid: PixelSize
    private let truth: [Float]
    private let marked: Double

    /// - Parameters:
    ///   - size: of the map of logits.
    ///   - truth: of the model's input.
    init(size: PixelSize, truth: TruthMap) {
        grid = PixelSize(width: 2 * size.width, height: 2 * size.height)
        self.truth = truth.atCells(of: grid)
        marked = self.truth.reduce(0) { $0 + Double($1) }
    }

    /// The loss of a mask's logits of `size`; `weight` times its derivative is added to `gradient`.
    func callAsFunction(
        _ logits: UnsafePointer<Float>, size: PixelSize, weight: Float, gradient: UnsafeMutablePointer<Float>?
    ) -> Double {
        guard marked > 0 else { return 0 }
        let places = truth.indices.lazy.map { cell in
            BilinearSample(
                SamplePoint(
                    x: (Float(cell % grid.width) + 0.5) / Float(grid.width), y: (Float(cell / grid.width) + 0.5) / Float(grid.height)), size)
        }
        let probabilities = places.map { sigmoid($0.value(of: logits)) } as [Float]
        var common = 0.0, predicted = 0.0
        for (p, t) in zip(probabilities, truth) {
            common += Double(p * t)
            predicted += Double(p)
        }
        let top = common + 1, bottom = predicted + marked - common + 1
        if let gradient {
            for (index, place) in places.enumerated() {
                let p = Double(probabilities[index]), t = Double(truth[index])
                // d(1 − top / bottom) / dp, with dI = t and dU = 1 − t.
                let slope = (top * (1 - t) / bottom - t) / bottom * p * (1 - p)
                place.add(weight * Float(slope), to: gradient)
            }
        }
        return 1 - top / bottom
    }
}
