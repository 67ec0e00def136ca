import Foundation
import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// What segment-anything 1.0 says with a small SAM of random weights, `Fixtures/sam_toy`: `SamPredictor` on two pictures
/// and `SamAutomaticMaskGenerator` on one. Weights are stored in half precision and were rounded to it on both sides.
struct PublishedSAM: Decodable {
    struct Mask: Decodable {
        let iou: Float
        let mask: RunLengthCode
        /// Every 61st low-resolution logit.
        let logits: [Float]?
    }

    struct Question: Decodable {
        let box: [Float]?
        let points: [[Float]]
        let single: Mask
        let multi: [Mask]

        var prompt: Prompt {
            Prompt(
                points: points.map { .init(x: $0[0], y: $0[1], label: $0[2] == 1 ? .foreground : .background) },
                box: box.map { .init(left: $0[0], top: $0[1], right: $0[2], bottom: $0[3]) })
        }
    }

    struct Picture: Decodable {
        let width: Int
        let height: Int
        /// FNV-1a of the normalised input's bits, row by row, channels last.
        let input: String
        let prompts: [Question]

        var size: PixelSize { PixelSize(width: width, height: height) }
    }

    struct Record: Decodable {
        let segmentation: RunLengthCode
        let area: Int
        let bbox: [Int]
        let predicted_iou: Float
        let point_coords: [[Double]]
        let stability_score: Float
        let crop_box: [Int]
    }

    struct Everything: Decodable {
        let settings: [String: Double]
        let masks: [Record]
    }

    let pictures: [Picture]
    let everything: [Everything]

    static func read() throws -> PublishedSAM {
        try JSONDecoder().decode(PublishedSAM.self, from: Data(contentsOf: try url("json")))
    }

    static func url(_ type: String) throws -> URL {
        try #require(Bundle.module.url(forResource: "sam_toy", withExtension: type, subdirectory: "Fixtures"))
    }

    static func session(threads: Int = 2) throws -> SPTSession {
        SPTSession(model: try SPTModel(path: try url("safetensors").path), threads: threads)
    }

    /// The picture that the fixture was made on: integers only, so that any language draws the same.
    static func picture(_ size: PixelSize) -> RGBImage {
        let image = RGBImage(width: size.width, height: size.height), width = size.width, height = size.height
        func wave(_ value: Int) -> UInt8 { UInt8(abs(value % 510 - 255)) }
        for y in 0..<height {
            for x in 0..<width {
                func disc(_ cx: Int, _ cy: Int, _ r: Int) -> Bool { (x - cx) * (x - cx) + (y - cy) * (y - cy) < r * r }
                var pixel = (wave(3 * x + y), wave(2 * y + x * x / 64), wave(x * y / 32))
                if disc(width / 3, height / 2, height / 4) { pixel = (250, 240, 20) }
                if disc(3 * width / 4, height / 3, height / 6) { pixel = (10, 30, 200) }
                let at = (y * width + x) * 3
                (image.bytes[at], image.bytes[at + 1], image.bytes[at + 2]) = pixel
            }
        }
        return image
    }
}

struct PublishedPredictorTests {
    let published: PublishedSAM
    let session: SPTSession

    init() throws {
        published = try PublishedSAM.read()
        session = try PublishedSAM.session()
    }

    @Test func input_IsThePublishedOne_ToTheBit() throws {
        for picture in published.pictures {
            let image = PublishedSAM.picture(picture.size), input = Tensor(rows: 256 * 256, columns: 3)
            for threads in [1, 3] {
                ImageProcessor(session.model.configuration)(
                    image, rect: PixelRect(picture.size), into: input, in: Workspace(threads: threads))
                var sum: UInt64 = 0xcbf2_9ce4_8422_2325
                for value in input.buffer {
                    withUnsafeBytes(of: value.bitPattern.littleEndian) { for byte in $0 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 } }
                }
                let text = String(sum, radix: 16)
                #expect(String(repeating: "0", count: 16 - text.count) + text == picture.input, "\(picture.size)")
            }
        }
    }

    /// The bound: 99.9% of the pixels and 1e-3 of IoU; rounding decides only where a logit is nothing.
    func expectSame(_ actual: BinaryMask, _ iou: Float, _ expected: PublishedSAM.Mask, _ what: String) throws {
        let mask = try expected.mask.mask()
        let different = zip(actual.pixels, mask.pixels).count { $0 != $1 }
        #expect(actual.size == mask.size && Double(different) <= 0.001 * Double(mask.size.area), "\(what): \(different) pixels differ")
        #expect(abs(iou - expected.iou) < 1e-3, "\(what): predicted IoU \(iou), published \(expected.iou)")
    }

    @Test func masks_AreThePublishedOnes() throws {
        var mask = BinaryMask(), areas: Set<Int> = []
        for picture in published.pictures {
            session.display(PublishedSAM.picture(picture.size), rect: PixelRect(picture.size))
            for (index, question) in picture.prompts.enumerated() {
                let what = "\(picture.size), prompt \(index + 1)"
                let answer = try #require(session.ask([question.prompt]).first)
                answer.refined.mask(at: picture.size, into: &mask)
                areas.insert(mask.area)
                try expectSame(mask, answer.refinedIoU, question.single, what)
                let logits = stride(from: 0, to: answer.refined.values.count, by: 61).map { answer.refined.values[$0] }
                // Logits reach 30 here; sums of some hundred products each, in another order than PyTorch's.
                expectClose(logits, try #require(question.single.logits), within: 2e-3, what)
                try session.offer([question.prompt]) { _, candidates in
                    #expect(candidates.map(\.token) == [1, 2, 3])
                    for (candidate, expected) in zip(candidates, question.multi) {
                        candidate.logits.mask(at: picture.size, into: &mask)
                        areas.insert(mask.area)
                        try expectSame(mask, candidate.predictedIoU, expected, "\(what), token \(candidate.token)")
                    }
                }
            }
        }
        #expect(areas.count > 8, "the fixture's masks differ, or nothing was tested")
    }

    @Test func plainSAM_AnswersWithItsDraft() throws {
        #expect(!session.model.hasRefinement)
        let picture = try #require(published.pictures.first)
        session.display(PublishedSAM.picture(picture.size), rect: PixelRect(picture.size))
        let question = try #require(picture.prompts.first)
        let answer = try #require(session.ask([question.prompt]).first)
        #expect(answer.draft == answer.refined && answer.draftIoU == answer.refinedIoU)
    }

    @Test(.enabled(if: Shared.has("golden/sam_tiny.safetensors"), Shared.missing("golden/sam_tiny.safetensors")))
    func refinement_ComesWithTheAdapter() throws {
        let base = Shared.path("golden/sam_tiny.safetensors")
        #expect(!(try SPTModel(path: base)).hasRefinement)
        #expect((try SPTModel(path: base, adapter: Shared.path("golden/spt_tiny.safetensors"))).hasRefinement)
        #expect(try SPTModel(path: SPTModel.embeddedName).hasRefinement)
    }

    @Test func displayingAPartOfAPicture_IsDisplayingThatPart() throws {
        let whole = PublishedSAM.picture(PixelSize(width: 300, height: 190)), rect = PixelRect(x: 30, y: 20, width: 101, height: 160)
        let part = RGBImage(width: rect.width, height: rect.height)
        for y in 0..<rect.height {
            for x in 0..<rect.width * 3 { part.bytes[y * rect.width * 3 + x] = whole.bytes[((y + rect.y) * 300 + rect.x) * 3 + x] }
        }
        let prompt = Prompt(points: [.init(x: 50, y: 80)])
        session.display(whole, rect: rect)
        let one = try #require(session.ask([prompt]).first).refined
        session.display(part, rect: PixelRect(part.size))
        #expect(try #require(session.ask([prompt]).first).refined == one)
    }

    @Test func memory_IsSteady_WhateverIsDisplayed() throws {
        let image = PublishedSAM.picture(PixelSize(width: 300, height: 190)), prompt = Prompt(points: [.init(x: 20, y: 20)])
        func round(_ rect: PixelRect) {
            session.display(image, rect: rect)
            _ = session.ask([prompt, prompt])
            session.offer([prompt, prompt]) { _, _ in }
        }
        round(PixelRect(image.size))
        let planned = session.plannedBytes
        for step in 0..<4 { round(PixelRect(x: step, y: 3, width: 200 + step, height: 100 + 20 * step)) }
        #expect(session.plannedBytes == planned)
    }
}
