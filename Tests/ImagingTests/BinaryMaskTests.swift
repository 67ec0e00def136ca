import Testing

@testable import Imaging

struct BinaryMaskTests {
    @Test func area_And_Overlap() {
        let a = BinaryMask(rows: ["110", "110"])
        let b = BinaryMask(rows: ["011", "010"])
        #expect(a.area == 4 && b.area == 3)
        #expect(a.intersectionArea(with: b) == 2)
        #expect(a.iou(with: b) == 2.0 / 5.0)
        var both = a
        both.formIntersection(with: b)
        #expect(both == BinaryMask(rows: ["010", "010"]))
        let nothing = BinaryMask(width: 3, height: 2)
        #expect(nothing.iou(with: nothing) == 1)
        #expect(nothing.iou(with: a) == 0)
    }

    @Test func anyValueButZero_CountsAsInside() {
        var mask = BinaryMask(width: 2, height: 1)
        mask.pixels = [255, 0]
        let ones = BinaryMask(rows: ["11"])
        #expect(mask.area == 1 && mask.intersectionArea(with: ones) == 1)
        mask.formIntersection(with: ones)
        #expect(mask.pixels == [1, 0])
    }

    @Test func union_And_Paste_InABiggerFrame() {
        var frame = BinaryMask(rows: ["0000", "0100", "0000"])
        let part = BinaryMask(rows: ["10", "01"])
        frame.formUnion(with: part, atX: 1, y: 0)
        #expect(frame == BinaryMask(rows: ["0100", "0110", "0000"]))
        frame.paste(part, atX: 1, y: 1)
        #expect(frame == BinaryMask(rows: ["0100", "0100", "0010"]))
        frame.formUnion(with: part, atX: 3, y: 2)
        #expect(frame == BinaryMask(rows: ["0100", "0100", "0011"]))
        frame.paste(part, atX: -1, y: -1)
        #expect(frame == BinaryMask(rows: ["1100", "0100", "0011"]))
    }

    @Test func farPlaces_LeaveTheMaskAlone() {
        let part = BinaryMask(rows: ["11", "11"])
        for far in [Int.min, Int.min + 1, -1 << 41, 1 << 41, Int.max - 1, Int.max, 4, -2] {
            var frame = BinaryMask(width: 4, height: 4)
            frame.formUnion(with: part, atX: far, y: 0)
            frame.paste(part, atX: 0, y: far)
            #expect(frame.area == 0)
        }
    }

    @Test func crop_IsPastesInverse() {
        let mask = BinaryMask(rows: ["0110", "1111", "0110"])
        var crop = BinaryMask()
        mask.crop(PixelRect(x: 1, y: 1, width: 2, height: 2), into: &crop)
        #expect(crop == BinaryMask(rows: ["11", "11"]))
        mask.crop(PixelRect(x: -1, y: 1, width: 3, height: 3), into: &crop)
        #expect(crop == BinaryMask(rows: ["011", "001", "000"]))
    }

    @Test func mono8_IsZeroOr255() {
        var bytes: [UInt8] = [9, 9, 9, 9, 9, 9, 9]
        BinaryMask(rows: ["01", "10"]).mono8(into: &bytes)
        #expect(bytes == [0, 255, 255, 0])
    }
}
