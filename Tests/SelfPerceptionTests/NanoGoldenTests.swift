import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// `nano/golden.safetensors`: two tiles through the first version of nano, whose weights lie beside it, computed by PyTorch on the same
/// half-precision weights. The embedded model has been tuned since; its layers are the same.
@Suite(.enabled(if: Shared.has("nano/golden.safetensors"), Shared.missing("nano/golden.safetensors")))
struct NanoGoldenTests {
    let golden: Golden
    let model: SPTModel

    init() throws {
        golden = try Golden("nano/golden.safetensors")
        model = try SPTModel(path: Shared.path("nano/nano.safetensors"))
    }

    /// The bound: 2e-3 of the logits' range, and the same mask to 99.9% of pixels.
    func expectSameMask(_ actual: LogitMap, _ name: String) throws {
        let expected = try golden.floats(name)
        let low = try #require(expected.min()), high = try #require(expected.max())
        expectClose(actual.values, expected, within: 2e-3 * (high - low), name)
        let same = zip(actual.values, expected).count { ($0 > 0) == ($1 > 0) }
        #expect(Double(same) >= 0.999 * Double(expected.count), "\(name): \(expected.count - same) pixels differ")
    }

    @Test(arguments: [0, 1])
    func tile_GivesPyTorchsMasks(_ tile: Int) throws {
        let image = try golden.image("\(tile).gray"), session = SPTSession(model: model, threads: 2)
        session.display(image, rect: PixelRect(image.size))
        let toPixels = (x: Float(image.width) / 512, y: Float(image.height) / 512)
        let corners = try golden.floats("\(tile).box")
        let box = Prompt(box: .init(left: corners[0], top: corners[1], right: corners[2], bottom: corners[3]))
        let boxed = try #require(session.ask([box.scaled(x: toPixels.x, y: toPixels.y)]).first)
        try expectSameMask(boxed.draft, "\(tile).draft")
        try expectSameMask(boxed.refined, "\(tile).refined")
        #expect(abs(boxed.draftIoU - (try golden.floats("\(tile).draft_iou"))[0]) < 2e-3)
        #expect(abs(boxed.refinedIoU - (try golden.floats("\(tile).refined_iou"))[0]) < 2e-3)

        let place = try golden.floats("\(tile).point")
        let point = Prompt(points: [.init(x: place[0], y: place[1])]).scaled(x: toPixels.x, y: toPixels.y)
        let pointed = try #require(session.ask([point]).first)
        try expectSameMask(pointed.draft, "\(tile).point_draft")
        try expectSameMask(pointed.refined, "\(tile).point_refined")
    }

    @Test(arguments: [0, 1])
    func input_AndEmbedding_Agree(_ tile: Int) throws {
        let image = try golden.image("\(tile).gray"), workspace = Workspace(threads: 2)
        let input = Tensor(rows: 512 * 512, columns: 3), embedding = Tensor(rows: 1024, columns: 256)
        ImageProcessor(model.configuration)(image, rect: PixelRect(image.size), into: input, in: workspace)
        expectClose(input.values, try golden.tokens("\(tile).input"), within: 1e-4, "input")
        model.encoder(input, into: embedding, in: workspace)
        let expected = try golden.tokens("\(tile).embedding")
        let range = try #require(expected.max()) - #require(expected.min())
        expectClose(embedding.values, expected, within: 1e-4 * range, "embedding")
    }

    @Test func session_IsBitIdentical_WhateverTheThreads() throws {
        let image = try golden.image("0.gray"), prompt = Prompt(box: .init(left: 0, top: 0, right: 200, bottom: 250))
        let answers = try [1, 2, 8].map { threads in
            let session = SPTSession(model: model, threads: threads)
            session.display(image, rect: PixelRect(image.size))
            return try #require(session.ask([prompt]).first).refined
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0] == answers[2])
    }

    @Test func session_TakesNoMoreMemory_AfterItsFirstFrame() throws {
        let image = try golden.image("0.gray"), session = SPTSession(model: model, threads: 2)
        let prompts = [Prompt(box: .init(left: 0, top: 0, right: 200, bottom: 250)), Prompt(points: [.init(x: 90, y: 90)])]
        session.display(image, rect: PixelRect(image.size))
        _ = session.ask(prompts)
        let planned = session.plannedBytes
        for _ in 0..<3 {
            session.display(image, rect: PixelRect(x: 3, y: 5, width: 100, height: 120))
            _ = session.ask(prompts)
        }
        #expect(session.plannedBytes == planned)
    }
}
