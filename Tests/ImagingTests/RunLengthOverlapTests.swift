import Imaging
import Testing

struct RunLengthOverlapTests {
    private static let size = PixelSize(width: 23, height: 17)

    /// Masks with runs that begin and end everywhere, touch and overlap.
    private static func masks(_ count: Int, seed: UInt64) -> [BinaryMask] {
        var state = seed
        return (0..<count).map { _ in
            var mask = BinaryMask(width: size.width, height: size.height)
            for index in mask.pixels.indices {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                mask.pixels[index] = state >> 33 & 3 == 0 ? 1 : 0
            }
            return mask
        }
    }

    private static func union(_ masks: [BinaryMask]) -> BinaryMask {
        var all = BinaryMask(width: size.width, height: size.height)
        for mask in masks { all.formUnion(with: mask) }
        return all
    }

    @Test(arguments: [(0, 0), (0, 1), (1, 1), (3, 2), (1, 4), (6, 6)]) func iou_IsThatOfTheUnionsPixels(_ a: Int, _ b: Int) throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let first = Self.masks(a, seed: seed), second = Self.masks(b, seed: seed + 100)
            let found = try RunLengthCode.iou(first.map { RunLengthCode($0) }, second.map { RunLengthCode($0) }, in: Self.size)
            #expect(found == Self.union(first).iou(with: Self.union(second)))
        }
    }

    @Test func sameMasksInAnotherOrder_Agree() throws {
        let codes = Self.masks(3, seed: 7).map { RunLengthCode($0) }
        #expect(try RunLengthCode.iou(codes, codes.reversed(), in: Self.size) == 1)
        #expect(try RunLengthCode.iou([], [RunLengthCode(BinaryMask(width: 23, height: 17))], in: Self.size) == 1)
    }

    @Test func garbage_AndOtherSizes_AreRefused_EvenWhereBothAreTheSame() {
        let good = RunLengthCode(BinaryMask(width: 23, height: 17))
        for bad in [RunLengthCode(size: Self.size, counts: "~"), RunLengthCode(size: Self.size, counts: ""), RunLengthCode(BinaryMask(width: 17, height: 23))] {
            #expect(throws: ImagingError.self) { try RunLengthCode.iou([bad], [bad], in: Self.size) }
            #expect(throws: ImagingError.self) { try RunLengthCode.iou([good], [good, bad], in: Self.size) }
        }
    }
}
