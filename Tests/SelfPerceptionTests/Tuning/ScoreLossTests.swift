import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception

struct ScoreLossTests {
    private let size = PixelSize(width: 16, height: 16)
    /// Over an input of 64 × 64 pixels; the right half of the mask's columns from 8 on.
    private let region = Prompt.Box(left: 32, top: 0, right: 64, bottom: 64)

    /// `marked` cells of the region in full, from its top left.
    private func truth(marked: Int) -> TruthMap {
        let cells = (0..<256).map { $0 % 16 >= 8 && $0 / 16 * 8 + $0 % 16 - 8 < marked }
        return TruthMap(size: PixelSize(width: 64, height: 64), values: (0..<4096).map { cells[$0 / 64 / 4 * 16 + $0 % 64 / 4] ? 1 : 0 })
    }

    private func loss(_ logits: [Float], marked: Int, gradient: UnsafeMutablePointer<Float>? = nil) -> Double {
        logits.withUnsafeBufferPointer {
            ScoreLoss(size: size, region: region, truth: truth(marked: marked))($0.baseAddress!, weight: 1, gradient: gradient)
        }
    }

    @Test func scoreOfAGoodPart_IsToBeNothing_AndOfABadOneWhatItsTruthGives() {
        // Twenty cells of the region at even odds, and everything else far below; outside the region all is certain, and ignored.
        let logits = (0..<256).map { $0 % 16 < 8 ? Float(9) : $0 / 16 * 8 + $0 % 16 - 8 < 20 ? 0 : -20 }
        // −ln(1 − 1/2), −ln(1/2) and, with 10 of 20 cells marked, half of each.
        for marked in [0, 10, 20, 64] { #expect(abs(loss(logits, marked: marked) - 0.693147) < 1e-5) }
        let certain = logits.map { $0 == 0 ? Float(6) : $0 }
        #expect(loss(certain, marked: 20) < 0.003 && loss(certain, marked: 0) > 5.9)
        // A defect of ten cells that is found exactly has no better loss.
        let exact = (0..<256).map { $0 % 16 >= 8 && $0 / 16 * 8 + $0 % 16 - 8 < 10 ? Float(12) : -12 }
        #expect(loss(exact, marked: 10) < loss(certain, marked: 10) && abs(loss(exact, marked: 10) - 0.693147) < 1e-3)
    }

    @Test(arguments: [0, 7, 20]) func gradient_IsTheSlopeOfTheLoss(_ marked: Int) {
        var generator = SeededGenerator(seed: 12)
        // Logits far enough apart that a step changes no ranks.
        var logits = (0..<256).map { Float($0 * 37 % 256) / 40 - 3 + 0.002 * generator.signed() }
        var gradient = [Float](repeating: 0, count: 256)
        _ = gradient.withUnsafeMutableBufferPointer { loss(logits, marked: marked, gradient: $0.baseAddress) }
        #expect(gradient.filter { $0 != 0 }.count == PeakScore.count)
        for index in 0..<256 {
            let value = logits[index], step: Float = 1.0 / 128
            logits[index] = value + step
            let above = loss(logits, marked: marked)
            logits[index] = value - step
            let below = loss(logits, marked: marked)
            logits[index] = value
            #expect(abs(Double(gradient[index]) - (above - below) / Double(2 * step)) < 1e-4)
        }
    }

    @Test func regionWithoutACell_HasNoLoss() {
        let none = ScoreLoss(size: size, region: Prompt.Box(left: 3, top: 3, right: 5, bottom: 5), truth: truth(marked: 3))
        #expect([Float](repeating: 1, count: 256).withUnsafeBufferPointer { none($0.baseAddress!, weight: 1, gradient: nil) } == 0)
    }
}
