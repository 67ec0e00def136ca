import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

struct MaskLossTests {
    @Test(.enabled(if: Shared.has("golden/metrics.safetensors"), Shared.missing("golden/metrics.safetensors")))
    func sampledLoss_AgreesWithThePublishedCode() throws {
        let golden = try Golden("golden/metrics.safetensors")
        let logits = try golden.floats("sampled_logits"), targets = try golden.floats("sampled_target")
        let places = try golden.floats("sample_coords"), count = try golden.shape("sample_coords")[1]
        let size = PixelSize(width: 64, height: 64), targetSize = PixelSize(width: 256, height: 256)
        var crossEntropy = 0.0, dice = 0.0
        for mask in 0..<2 {
            let points = (0..<count).map { SamplePoint(x: places[(mask * count + $0) * 2], y: places[(mask * count + $0) * 2 + 1]) }
            let truth = TruthMap(size: targetSize, values: Array(targets[mask * targetSize.area..<(mask + 1) * targetSize.area]))
            let loss = Array(logits[mask * size.area..<(mask + 1) * size.area]).withUnsafeBufferPointer {
                MaskLoss(logits: $0.baseAddress!, size: size, truth: truth, points: points, gradient: nil)
            }
            crossEntropy += loss.crossEntropy / 2
            dice += loss.dice / 2
        }
        expectClose([Float(crossEntropy), Float(dice)], try golden.floats("sampled_loss"), within: 1e-5, "sampled loss")
    }

    /// With some truth, and with none.
    @Test(arguments: [Float(0.6), 1]) func gradient_IsTheSlopeOfTheLoss(_ share: Float) {
        var generator = SeededGenerator(seed: 4)
        let size = PixelSize(width: 7, height: 5)
        var logits = (0..<size.area).map { _ in 3 * generator.signed() }
        let truth = TruthMap(size: PixelSize(width: 9, height: 9), values: (0..<81).map { _ in generator.unit() > share ? 1 : 0 })
        // Points on and beyond the edge too, where a sample has fewer than four cells.
        let points = (0..<60).map { _ in SamplePoint(x: 1.1 * generator.unit() - 0.05, y: 1.1 * generator.unit() - 0.05) }
        func loss(_ gradient: UnsafeMutablePointer<Float>?) -> Double {
            logits.withUnsafeBufferPointer {
                MaskLoss(logits: $0.baseAddress!, size: size, truth: truth, points: points, gradient: gradient).total
            }
        }
        var gradient = [Float](repeating: 0, count: size.area)
        _ = gradient.withUnsafeMutableBufferPointer { loss($0.baseAddress) }
        for index in 0..<size.area {
            let value = logits[index], step: Float = 1.0 / 64
            logits[index] = value + step
            let above = loss(nil)
            logits[index] = value - step
            let below = loss(nil)
            logits[index] = value
            // Central differences of a smooth function: an error of step² at most, and samples of some 1e-7.
            #expect(abs(Double(gradient[index]) - (above - below) / Double(2 * step)) < 2e-4)
        }
    }

    @Test func nothingToFind_IsAMatterOfCrossEntropyAlone() {
        let size = PixelSize(width: 4, height: 4), logits = [Float](repeating: -2, count: 16)
        let points = (0..<16).map { SamplePoint(x: (Float($0 % 4) + 0.5) / 4, y: (Float($0 / 4) + 0.5) / 4) }
        let loss = logits.withUnsafeBufferPointer {
            MaskLoss(logits: $0.baseAddress!, size: size, truth: TruthMap(size: size, values: logits.map { _ in 0 }), points: points, gradient: nil)
        }
        // ln(1 + e⁻²) at every point.
        #expect(loss.dice == 0 && abs(loss.crossEntropy - 0.126928) < 1e-6)
    }

    @Test func points_AreTheMostUncertainAndSomeOthers() {
        var generator = SeededGenerator(seed: 9)
        let size = PixelSize(width: 32, height: 32)
        // Only the middle column is uncertain.
        let logits = (0..<size.area).map { Float(abs($0 % 32 - 16)) }
        var sampling = PointSampling()
        sampling.points = 400
        let points = logits.withUnsafeBufferPointer { sampling.points(in: $0.baseAddress!, size: size, using: &generator) }
        #expect(points.count == 400)
        let near = points.filter { abs($0.x - 16.5 / 32) < 0.15 }.count
        // 300 of 1200 by uncertainty all lie within an eighth of the middle; of 100 others some do.
        #expect(near >= 300 && near < 360)
        var again = SeededGenerator(seed: 9)
        #expect(points == logits.withUnsafeBufferPointer { sampling.points(in: $0.baseAddress!, size: size, using: &again) })
    }
}
