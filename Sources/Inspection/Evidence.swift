import Imaging
import SegmentAnything
import SelfPerception

/// What the model said of one region, all its prompts taken together: for every cell of the low-resolution grid the
/// highest logit of any prompt, for draft and refined masks alike. The highest logit is also the highest probability.
///
/// The buffers are kept from region to region and from frame to frame.
final class Evidence {
    private(set) var grid = PixelSize(width: 0, height: 0)
    /// How displayed pictures lie on the input that the grid covers.
    private(set) var layout = InputLayout(side: 1, resize: .stretch)
    /// Row-major, `grid.area` logits each.
    private(set) var draft: [Float] = []
    private(set) var refined: [Float] = []
    /// The estimated IoU of the refined mask; nil when the masks of several prompts were taken together.
    private(set) var predictedIoU: Float?

    /// Starts over with the first prompt's answer.
    func begin(_ answer: Perception) throws(ModelProblem) {
        try Self.check(answer)
        grid = answer.refined.size
        layout = answer.refined.layout
        predictedIoU = answer.refinedIoU
        Self.copy(answer.draft.values, into: &draft)
        Self.copy(answer.refined.values, into: &refined)
    }

    /// Adds another prompt's answer.
    func merge(_ answer: Perception) throws(ModelProblem) {
        try Self.check(answer)
        guard answer.refined.size == grid, answer.refined.layout == layout else {
            throw ModelProblem(detail: "the model answered on grids of different sizes")
        }
        predictedIoU = nil
        Self.raise(&draft, to: answer.draft.values)
        Self.raise(&refined, to: answer.refined.values)
    }

    /// The intersection over union of both masks within some cells, at the grid's own resolution; 1 where both are empty.
    func agreement(within cells: [Int32]) -> Double {
        var both = 0, either = 0
        draft.withUnsafeBufferPointer { draft in
            refined.withUnsafeBufferPointer { refined in
                for cell in cells {
                    let a = draft[Int(cell)] > 0, b = refined[Int(cell)] > 0
                    if a && b { both += 1 }
                    if a || b { either += 1 }
                }
            }
        }
        return either == 0 ? 1 : Double(both) / Double(either)
    }

    /// The region's score: of some cells' refined logits.
    func score(within cells: [Int32]) -> Double { PeakScore.of(refined, within: cells) }

    private static func copy(_ source: [Float], into target: inout [Float]) {
        target.removeAll(keepingCapacity: true)
        target.append(contentsOf: source)
    }

    private static func raise(_ target: inout [Float], to source: [Float]) {
        target.withUnsafeMutableBufferPointer { target in
            source.withUnsafeBufferPointer { source in
                for i in 0..<target.count { target[i] = max(target[i], source[i]) }
            }
        }
    }

    /// A number that is not finite would compare as "no defect", and the part would pass.
    private static func check(_ answer: Perception) throws(ModelProblem) {
        guard answer.draft.size == answer.refined.size, answer.draft.layout == answer.refined.layout,
            answer.refined.size.area > 0
        else {
            throw ModelProblem(detail: "draft and refined masks differ in size, or are empty")
        }
        guard allFinite(answer.draft.values), allFinite(answer.refined.values) else {
            throw ModelProblem(detail: "the model's logits are not finite")
        }
    }

    private static func allFinite(_ values: [Float]) -> Bool {
        // The exponent's bits are all set in infinities and NaN alone; an integer maximum vectorises, `isFinite` does not.
        values.withUnsafeBufferPointer { values in
            var largest: UInt32 = 0
            for value in values { largest = max(largest, value.bitPattern & 0x7fff_ffff) }
            return largest < Float.infinity.bitPattern
        }
    }
}
