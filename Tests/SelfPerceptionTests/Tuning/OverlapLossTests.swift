import Imaging
import Testing
@testable import SelfPerception

struct OverlapLossTests {
    private let size = PixelSize(width: 16, height: 16)

    /// Columns `from` and on, of a mask of whole cells.
    private func truth(from column: Int) -> TruthMap {
        TruthMap(size: PixelSize(width: 64, height: 64), values: (0..<4096).map { $0 % 64 >= 4 * column ? 1 : 0 })
    }

    private func loss(_ logits: [Float], from column: Int, weight: Float = 1, gradient: UnsafeMutablePointer<Float>? = nil) -> Double {
        logits.withUnsafeBufferPointer {
            OverlapLoss(size: size, truth: truth(from: column))($0.baseAddress!, size: size, weight: weight, gradient: gradient)
        }
    }

    @Test func certainMasks_GiveOneMinusTheirIoU() {
        func mask(from column: Int) -> [Float] { (0..<256).map { $0 % 16 >= column ? 60 : -60 } }
        // Of columns of 64 places each; bilinear samples beside an outline are at least 15 from even odds.
        #expect(abs(loss(mask(from: 8), from: 8)) < 1e-5)
        #expect(abs(loss(mask(from: 12), from: 8) - (1 - 257.0 / 513)) < 1e-4)
        #expect(abs(loss(mask(from: 0), from: 12) - (1 - 257.0 / 1025)) < 1e-4)
        #expect(loss(mask(from: 16), from: 8) > 0.99)
    }

    @Test func emptyTruth_HasNoLossAndNoSlope() {
        var gradient = [Float](repeating: 0, count: 256)
        #expect(gradient.withUnsafeMutableBufferPointer { loss([Float](repeating: 2, count: 256), from: 16, gradient: $0.baseAddress) } == 0)
        #expect(gradient.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [3, 15] as [Int]) func gradient_IsTheSlopeOfTheLoss_TimesItsWeight(_ column: Int) {
        var generator = SeededGenerator(seed: 12)
        var logits = (0..<256).map { _ in 3 * generator.signed() }
        var gradient = [Float](repeating: 0, count: 256)
        _ = gradient.withUnsafeMutableBufferPointer { loss(logits, from: column, weight: 4, gradient: $0.baseAddress) }
        for index in 0..<256 {
            let value = logits[index], step: Float = 1.0 / 16
            logits[index] = value + step
            let above = loss(logits, from: column)
            logits[index] = value - step
            let below = loss(logits, from: column)
            logits[index] = value
            #expect(abs(Double(gradient[index]) / 4 - (above - below) / Double(2 * step)) < 2e-6)
        }
    }
}
