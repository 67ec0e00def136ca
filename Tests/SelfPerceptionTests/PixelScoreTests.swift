import Imaging
import Testing
@testable import SelfPerception

struct PixelScoreTests {
    private static let size = PixelSize(width: 40, height: 30)

    /// Six pictures, two of them good, of random logits that are `lift` higher in random rectangles.
    private static func pictures(scale: Float) -> [(logits: LogitMap, truth: BinaryMask?)] {
        var numbers = LinearCongruence(state: 11)
        return (0..<6).map { index in
            var truth = BinaryMask(width: size.width, height: size.height)
            if index < 4 {
                for _ in 0..<3 {
                    let x = numbers.below(size.width - 8), y = numbers.below(size.height - 8)
                    let width = 1 + numbers.below(8), height = 1 + numbers.below(8)
                    for row in y..<y + height { for column in x..<x + width { truth[column, row] = true } }
                }
            }
            let values = (0..<size.area).map { pixel in
                (Float(numbers.below(20_001)) - 10_000) / 1024 * scale + Float(truth.pixels[pixel]) * 6 * scale
            }
            return (LogitMap(size: size, values: values), index < 4 ? truth : nil)
        }
    }

    private static func scores(scale: Float, order: [Int] = Array(0..<6)) -> PixelScores {
        let pictures = pictures(scale: scale)
        var scores = PixelScores()
        for index in order { scores.add(pictures[index].logits, size: size, truth: pictures[index].truth) }
        return scores
    }

    /// Expected: scikit-learn 1.9.1 (`roc_auc_score`, the highest F1 of `precision_recall_curve`) and the reference code of MVTec
    /// that pyaupro 0.1.11 carries, on the same pictures. The smaller scale squeezes all logits into a thousand bins.
    @Test(arguments: [
        (Float(1), 0.7517690038960566, 0.47773279352226716, 0.3338550001488584, 0.43503350105935334),
        (Float(0.05), 0.7517746932310567, 0.47773279352226716, 0.3338658041257166, 0.4350372150550138),
    ])
    func figures_EqualScikitLearnAndMVTecsReference(scale: Float, auroc: Double, f1: Double, strict: Double, usual: Double) throws {
        let scores = Self.scores(scale: scale)
        #expect(scores.regions == 11 && scores.defectivePixels == 188 && scores.goodPixels == 6 * 1200 - 188)
        #expect(abs(try #require(scores.auroc) - auroc) < (scale == 1 ? 1e-12 : 1e-4))
        #expect(abs(try #require(scores.bestF1?.value) - f1) < (scale == 1 ? 1e-12 : 1e-3), "one pixel of 188 more in a tie is 2e-3 of recall")
        #expect(abs(try #require(scores.perRegionOverlapArea(upTo: 0.05)) - strict) < 1e-4)
        #expect(abs(try #require(scores.perRegionOverlapArea()) - usual) < 1e-4)
        #expect(abs(try #require(scores.perRegionOverlapArea(upTo: 1)) - 0.7206) < 1e-4)
    }

    @Test func binsDifferFromTheExactRanking_ByLessThanATenThousandth() throws {
        var generator = SeededGenerator(seed: 3)
        // A logit is spread as a trained model's: far apart, with defects of every clarity, some beyond the last bin.
        let size = PixelSize(width: 200, height: 150)
        var scores = PixelScores(), defective: [Double] = [], good: [Double] = []
        for picture in 0..<4 {
            var truth = BinaryMask(width: size.width, height: size.height)
            for y in 20..<60 { for x in 30 + 20 * picture..<110 { truth[x, y] = true } }
            let values = truth.pixels.map { inside -> Float in
                let noise = generator.signed() + generator.signed() + generator.signed()
                return inside != 0 ? 2 + 9 * noise : -9 + 10 * noise
            }
            scores.add(LogitMap(size: size, values: values), size: size, truth: truth)
            for (value, inside) in zip(values, truth.pixels) {
                if inside != 0 { defective.append(Double(value)) } else { good.append(Double(value)) }
            }
        }
        let exact = Ranking(defective: defective, good: good)
        #expect(abs(try #require(scores.auroc) - (try #require(exact.auroc))) < 1e-6)
        #expect(abs(try #require(scores.bestF1?.value) - (try #require(exact.bestF1?.value))) < 1e-4)
    }

    @Test func theOrderOfPictures_AndHowTheyAreShared_ChangeNothing() {
        let one = Self.scores(scale: 0.3), other = Self.scores(scale: 0.3, order: [5, 2, 0, 4, 1, 3])
        let shared = Self.scores(scale: 0.3, order: [0, 3]) + Self.scores(scale: 0.3, order: [1, 2, 4, 5])
        for scores in [other, shared] {
            #expect(scores.auroc == one.auroc && scores.perRegionOverlapArea() == one.perRegionOverlapArea())
            #expect(scores.regions == one.regions)
        }
    }

    @Test func withoutDefects_ThereIsNoFigure() {
        var scores = PixelScores()
        scores.add(LogitMap(size: Self.size, values: [Float](repeating: 90, count: Self.size.area)), size: Self.size, truth: nil)
        #expect(scores.auroc == nil && scores.bestF1 == nil && scores.perRegionOverlapArea() == nil)
        #expect(scores.goodPixels == 1200, "beyond the last bin is counted in it")
    }
}
