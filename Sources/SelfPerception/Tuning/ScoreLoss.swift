#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Imaging
import SegmentAnything

/// What a region's score says against what a perfect mask's would: a line passes or fails a part by it, and the losses of masks,
/// which are means over all points, hardly see the few on a good part that a score is made of.
///
/// With p̄ the mean of the k = 20 highest refined probabilities in the region (``PeakScore``), and t that of the truth's k highest
/// values there, the loss is −t · ln p̄ − (1 − t) · ln(1 − p̄).
struct ScoreLoss {
    /// Of the low-resolution mask, in the region.
    private let cells: [Int32]
    private let target: Double

    /// - Parameters:
    ///   - size: of the low-resolution mask.
    ///   - region: in pixels of the model's input.
    ///   - truth: of the model's input.
    init(size: PixelSize, region: Prompt.Box, truth: TruthMap) {
        let across = Float(truth.size.width) / Float(size.width), down = Float(truth.size.height) / Float(size.height)
        let cells = (0..<size.area).filter { cell in
            let x = (Float(cell % size.width) + 0.5) * across, y = (Float(cell / size.width) + 0.5) * down
            return x >= region.left && x <= region.right && y >= region.top && y <= region.bottom
        }
        let values = truth.atCells(of: size)
        let highest = cells.map { values[$0] }.sorted(by: >).prefix(PeakScore.count)
        self.cells = cells.map(Int32.init)
        target = highest.isEmpty ? 0 : Double(highest.reduce(0, +)) / Double(highest.count)
    }

    /// The loss of a mask's logits; `weight` times its derivative is added to `gradient`. 0 for a region without a cell.
    func callAsFunction(_ logits: UnsafePointer<Float>, weight: Float, gradient: UnsafeMutablePointer<Float>?) -> Double {
        guard !cells.isEmpty else { return 0 }
        // By logit, then by place, so that equal ones make no difference between runs.
        let highest = cells.sorted { (logits[Int($0)], $1) > (logits[Int($1)], $0) }.prefix(PeakScore.count)
        let count = Double(highest.count), least = 1e-12
        let score = max(least, highest.reduce(0) { $0 + Double(sigmoid(logits[Int($1)])) } / count)
        let rest = max(least, highest.reduce(0) { $0 + Double(sigmoid(-logits[Int($1)])) } / count)
        if let gradient {
            let slope = Double(weight) * ((1 - target) / rest - target / score) / count
            for cell in highest {
                let z = logits[Int(cell)]
                gradient[Int(cell)] += Float(slope * Double(sigmoid(z) * sigmoid(-z)))
            }
        }
        return -target * log(score) - (1 - target) * log(rest)
    }
}
