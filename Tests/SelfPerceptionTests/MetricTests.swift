import Imaging
import Testing
@testable import SelfPerception

struct MetricTests {
    @Test(.enabled(if: Shared.has("golden/metrics.safetensors"), Shared.missing("golden/metrics.safetensors")))
    func iou_AndBoundaryIoU_EqualThePublishedOnes() throws {
        let golden = try Golden("golden/metrics.safetensors"), expected = try golden.floats("iou_biou")
        for pair in 0..<4 {
            let shape = try golden.shape("logits\(pair)"), size = PixelSize(width: shape[1], height: shape[0])
            var mask = BinaryMask(), truth = BinaryMask(width: size.width, height: size.height)
            LogitMap(size: size, values: try golden.floats("logits\(pair)")).mask(at: size, into: &mask)
            let gray = try golden.bytes("gt\(pair)")
            for index in gray.indices { truth.pixels[index] = gray[index] > 128 ? 1 : 0 }
            // Counts of pixels: exact but for the golden's float32.
            #expect(abs(mask.iou(with: truth) - Double(expected[2 * pair])) < 1e-6, "IoU of pair \(pair)")
            #expect(abs(MaskMetrics.boundaryIoU(mask, truth) - Double(expected[2 * pair + 1])) < 1e-6, "boundary IoU of pair \(pair)")
        }
    }

    @Test func ranking_CountsPairs() throws {
        let ranking = Ranking(defective: [0.9, 0.4, 0.4], good: [0.1, 0.4, 0.2, 0.95])
        // 0.9 beats three; each 0.4 beats two and ties one.
        let expected: Double = 8.0 / 12.0
        let auroc = try #require(ranking.auroc)
        #expect(abs(auroc - expected) < 1e-12)
        #expect(ranking.errors(at: 0.4) == .init(limit: 0.4, escapes: 0, defective: 3, overkill: 2, good: 4))
        #expect(ranking.errors(at: 0.5) == .init(limit: 0.5, escapes: 2, defective: 3, overkill: 1, good: 4))
        #expect(Ranking(defective: [], good: [1]).auroc == nil)
    }

    @Test func ranking_BalancesTheTwoRates() throws {
        let ranking = Ranking(defective: (0..<100).map { Double($0) / 100 + 0.3 }, good: (0..<100).map { Double($0) / 100 })
        let balanced = try #require(ranking.balanced)
        #expect(abs(balanced.escapeRate - balanced.overkillRate) <= 0.01)
        #expect(abs(balanced.escapeRate - 0.35) <= 0.01)
    }
}
