import Foundation
import Testing

@testable import Imaging

struct RunLengthTests {
    /// A mask and the code that pycocotools 2.0 writes for it.
    struct Vector: Sendable {
        let name: String
        let mask: BinaryMask
        let counts: String

        init(_ name: String, rows: [String], _ counts: String) {
            self.name = name
            self.counts = counts
            mask = BinaryMask(rows: rows)
        }
    }

    static let vectors = [
        Vector("empty", rows: ["0000", "0000", "0000"], "<"),
        Vector("full", rows: ["1111", "1111", "1111"], "0<"),
        Vector("first pixel", rows: ["100", "000"], "015"),
        Vector("last pixel", rows: ["000", "001"], "51"),
        Vector("checks", rows: ["0101", "1010", "0101"], "111000000000"),
        Vector("bar", rows: ["00000", "01110", "00000"], "4120002"),
        Vector("ring", rows: ["11111", "10001", "10101", "10001", "11111"], "063LNO0124"),
    ]

    @Test(arguments: vectors)
    func pycocotoolsVectors(vector: Vector) throws {
        let code = RunLengthCode(vector.mask)
        #expect(code.counts == vector.counts)
        #expect(try code.mask() == vector.mask)
        #expect(try code.area() == vector.mask.area)
    }

    @Test func pycocotoolsVector_OfLongRuns() throws {
        var mask = BinaryMask(width: 300, height: 200)
        for y in 0..<200 {
            for x in 0..<300 {
                mask[x, y] = (x - 150) * (x - 150) * 4 + (y - 90) * (y - 90) * 9 <= 160000
            }
        }
        let counts = "2a5g00O2N2O1O001O1O001O1O001O1O001O001O1O001O001O1O001O001O001O001O001O00hS]10XlbN0O100O100O"
            + "100O100O100O1O100O100O1O100O100O1O100O1O100O1O100O2N2NO"
        #expect(mask.area == 59291)
        #expect(RunLengthCode(mask).counts == counts)
        #expect(try RunLengthCode(size: mask.size, counts: counts).mask() == mask)
    }

    @Test func partOfAFrame_IsTheFramesCode_WithoutTheFrame() throws {
        let frame = PixelSize(width: 1920, height: 1080)
        let block = BinaryMask(rows: ["11", "11", "11"])
        var whole = BinaryMask(width: frame.width, height: frame.height)
        whole[0, 0] = true
        whole.paste(block, atX: 1500, y: 700)
        // As pycocotools writes the same.
        #expect(RunLengthCode(whole).counts == "01kf^a12jZb^N0dUh=")

        whole[0, 0] = false
        #expect(RunLengthCode(block, atX: 1500, y: 700, in: frame) == RunLengthCode(whole))
    }

    @Test func partOverTheEdge_IsCutOff() throws {
        var numbers = SeededNumbers(seed: 11)
        let frame = PixelSize(width: 9, height: 7)
        for _ in 0..<300 {
            let part = BinaryMask.random(width: 1...8, height: 1...8, using: &numbers)
            let x = Int.random(in: -9...10, using: &numbers), y = Int.random(in: -9...8, using: &numbers)
            var whole = BinaryMask(width: frame.width, height: frame.height)
            whole.paste(part, atX: x, y: y)
            #expect(RunLengthCode(part, atX: x, y: y, in: frame) == RunLengthCode(whole))
        }
        let part = BinaryMask(rows: ["1"])
        for far in [Int.min, Int.max] {
            #expect(try RunLengthCode(part, atX: far, y: far, in: frame).area() == 0)
        }
    }

    @Test func randomMasks_ComeBack() throws {
        var numbers = SeededNumbers(seed: 5)
        for _ in 0..<300 {
            let mask = BinaryMask.random(width: 1...40, height: 1...40, using: &numbers)
            let code = RunLengthCode(mask)
            #expect(try code.mask() == mask)
            #expect(try code.area() == mask.area)
        }
    }

    @Test func json_HasHeightFirst() throws {
        let code = RunLengthCode(BinaryMask(rows: ["010", "010"]))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = try encoder.encode(code)
        #expect(String(decoding: json, as: UTF8.self) == #"{"counts":"222","size":[2,3]}"#)
        #expect(try JSONDecoder().decode(RunLengthCode.self, from: json) == code)
        for bad in [#"{"counts":"2","size":[2]}"#, #"{"counts":"2","size":[-2,1]}"#, #"{"counts":[2],"size":[2,1]}"#] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(RunLengthCode.self, from: Data(bad.utf8)) }
        }
    }

    @Test(arguments: [
        "", "1", "5", "66", "07", "0:", "23", String(repeating: "o", count: 40), "oooooooooo0", "P", "111111o",
        "0000N", "O", "00O", "111@", "1 1", "/", "p", "11é", "\u{0}", "ooooooooooooo?",
    ])
    func hostileCounts_AreErrors(counts: String) {
        let code = RunLengthCode(size: PixelSize(width: 3, height: 2), counts: counts)
        let result = imagingError { () throws(ImagingError) in _ = try code.mask() }
        guard case .runLength = result else {
            Issue.record("\(counts): \(String(describing: result))")
            return
        }
        #expect(imagingError { () throws(ImagingError) in _ = try code.area() } == result)
    }

    @Test(arguments: [
        PixelSize(width: .max, height: .max), PixelSize(width: 1 << 40, height: 1 << 40), PixelSize(width: 0, height: 5),
        PixelSize(width: -1, height: -6), PixelSize(width: 20000, height: 1), PixelSize(width: 16384, height: 16384),
    ])
    func absurdSizes_AreErrors_BeforeAnythingIsAllocated(size: PixelSize) {
        let code = RunLengthCode(size: size, counts: "6")
        #expect(throws: ImagingError.tooLarge(size, limits: ImageLimits())) { try code.mask() }
    }

    @Test func randomText_NeverTraps() {
        var numbers = SeededNumbers(seed: 17)
        var failed = 0
        for _ in 0..<5000 {
            let text = String(decoding: (0..<Int.random(in: 0...12, using: &numbers)).map { _ in
                UInt8.random(in: 46...113, using: &numbers)
            }, as: UTF8.self)
            let code = RunLengthCode(size: PixelSize(width: 50, height: 40), counts: text)
            if let mask = try? code.mask() { #expect(mask.pixels.count == 2000) } else { failed += 1 }
        }
        #expect(failed > 4000)
    }
}

extension BinaryMask {
    /// A mask drawn as rows of '0' and '1' (or '.' and '#').
    init(rows: [String]) {
        self.init(width: rows.first?.count ?? 0, height: rows.count)
        for (y, row) in rows.enumerated() {
            for (x, character) in row.enumerated() { self[x, y] = character == "1" || character == "#" }
        }
    }

    /// Noise of a random density.
    static func random(
        width: ClosedRange<Int>, height: ClosedRange<Int>, using numbers: inout SeededNumbers
    ) -> BinaryMask {
        var mask = BinaryMask(
            width: Int.random(in: width, using: &numbers), height: Int.random(in: height, using: &numbers))
        let density = Int.random(in: 0...100, using: &numbers)
        for i in mask.pixels.indices where Int.random(in: 0..<100, using: &numbers) < density { mask.pixels[i] = 1 }
        return mask
    }
}
