import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// Every tensor of `golden/forward.safetensors`: the published SPT code at a small size, float32.
@Suite(.enabled(if: Shared.has("golden/forward.safetensors"), Shared.missing("golden/forward.safetensors")))
struct PublishedForwardTests {
    // Both sides sum in float32 but in another order: the design allows 1e-4 for every forward tensor.
    static let tolerance: Float = 1e-4

    let golden: Golden
    let model: SPTModel
    let workspace: Workspace

    init() throws {
        golden = try Golden("golden/forward.safetensors")
        model = try SPTModel(
            path: Shared.path("golden/sam_tiny.safetensors"), adapter: Shared.path("golden/spt_tiny.safetensors"))
        workspace = Workspace(threads: 2)
    }

    func input() throws -> Tensor {
        let image = try golden.image("image_u8"), side = model.configuration.imageSize
        let input = Tensor(rows: side * side, columns: 3)
        ImageProcessor(model.configuration)(image, rect: PixelRect(image.size), into: input, in: workspace)
        return input
    }

    func embedding() throws -> Tensor {
        let side = model.configuration.gridSize
        let embedding = Tensor(rows: side * side, columns: model.configuration.transformerDim)
        model.encoder(try input(), into: embedding, in: workspace)
        return embedding
    }

    @Test func input_IsTheSameBytes_WhenStretched() throws {
        let mean = model.configuration.pixelMean, std = model.configuration.pixelStd
        let actual = try input().values.enumerated().map { $1 * std[$0 % 3] + mean[$0 % 3] }
        expectClose(actual, try golden.tokens("input"), within: Self.tolerance, "input")
    }

    @Test func encoder_AgreesBlockByBlock() throws {
        let encoder = try #require(model.encoder as? VisionTransformer)
        let x = Tensor(rows: encoder.grid * encoder.grid, columns: encoder.positions.columns)
        // The published tensor is taken before the absolute positions are added.
        encoder.embedPatches(try input(), into: x, in: workspace)
        let patches = zip(x.values, encoder.positions.values).map { $0 - $1 }
        expectClose(patches, try golden.floats("box.encoder.patch_embed"), within: Self.tolerance, "patch_embed")
        for (index, block) in encoder.blocks.enumerated() {
            block(x, in: workspace)
            expectClose(x.values, try golden.floats("box.encoder.block\(index)"), within: Self.tolerance, "block\(index)")
        }
        expectClose(try embedding().values, try golden.tokens("embedding"), within: Self.tolerance, "embedding")
    }

    @Test func relation_AndPositions_Agree() throws {
        let relation = VisualRelation(tokens: 256, channels: 64)
        relation.update(embedding: try embedding(), alpha: 0, in: workspace)
        expectClose(relation.dense(), try golden.floats("visual_sim"), within: 1e-6, "visual_sim")
        expectClose(
            model.passes.promptEncoder.densePositions.values, try golden.tokens("dense_pe"), within: Self.tolerance,
            "dense_pe")
    }

    func prompt(_ kind: String) throws -> Prompt {
        let corners = try golden.floats("box"), places = try golden.floats("points")
        let labels = try golden.bytes("labels").enumerated().filter { $0.offset % 8 == 0 }.map(\.element)
        var prompt = Prompt()
        if kind != "points" { prompt.box = .init(left: corners[0], top: corners[1], right: corners[2], bottom: corners[3]) }
        if kind != "box" {
            prompt.points = try labels.enumerated().map { index, label in
                Prompt.Point(x: places[2 * index], y: places[2 * index + 1], label: try #require(.init(rawValue: Int(label))))
            }
        }
        return prompt
    }

    @Test(arguments: ["box", "points", "box_points"])
    func passes_Agree(_ kind: String) throws {
        let embedding = try embedding(), relation = VisualRelation(tokens: 256, channels: 64)
        relation.update(embedding: embedding, alpha: model.configuration.vattAlpha, in: workspace)
        try workspace.scope {
            let passes = model.passes(try prompt(kind), embedding: embedding, relation: relation, in: workspace)
            func check(_ actual: Tensor, _ name: String, columns: Range<Int>? = nil) throws {
                let values = columns.map { Array(actual.values[$0]) } ?? actual.values
                expectClose(values, try golden.floats("\(kind).\(name)"), within: Self.tolerance, "\(kind).\(name)")
            }
            try check(passes.sparse, "sparse")
            try check(passes.draft.masks, "draft")
            try check(passes.draft.iou, "draft_iou", columns: 0..<1)
            try check(passes.refined.masks, "refined")
            try check(passes.refined.iou, "refined_iou", columns: 0..<1)
            guard kind == "box" else { return }
            for (decoder, output) in [("mask_decoder", passes.draft), ("draft_decoder", passes.refined)] {
                try check(output.tokens, "\(decoder).tokens")
                try check(output.image, "\(decoder).keys")
                try check(output.masks, "\(decoder).masks")
                try check(output.iou, "\(decoder).iou", columns: 0..<1)
            }
            expectClose(try #require(passes.dense).values, try golden.tokens("box.dense_refine"), within: Self.tolerance, "dense_refine")
            let map = LogitMap(size: PixelSize(width: 64, height: 64), values: passes.refined.masks.values)
            var full: [Float] = []
            map.forEachRow(at: PixelSize(width: 300, height: 180)) { full += $1 }
            expectClose(full, try golden.floats("box.refined_full"), within: Self.tolerance, "refined_full")
        }
    }

    @Test func session_GivesTheGoldenMask_FromPixels() throws {
        let image = try golden.image("image_u8"), session = SPTSession(model: model, threads: 2)
        session.display(image, rect: PixelRect(image.size))
        let corners = try golden.floats("box")
        let inPixels = Prompt(box: .init(left: corners[0], top: corners[1], right: corners[2], bottom: corners[3]))
            .scaled(x: 300 / 256, y: 180 / 256)
        let answer = try #require(session.ask([inPixels]).first)
        expectClose(answer.refined.values, try golden.floats("box.refined"), within: Self.tolerance, "refined")
    }

    @Test(arguments: [1, 3, 8])
    func session_IsBitIdentical_WhateverTheThreads(_ threads: Int) throws {
        let image = try golden.image("image_u8"), prompt = Prompt(box: .init(left: 20, top: 10, right: 200, bottom: 150))
        func answer(_ threads: Int) throws -> Perception {
            let session = SPTSession(model: model, threads: threads)
            session.display(image, rect: PixelRect(image.size))
            return try #require(session.ask([prompt]).first)
        }
        let one = try answer(2), other = try answer(threads)
        #expect(one.draft == other.draft)
        #expect(one.refined == other.refined)
    }
}
