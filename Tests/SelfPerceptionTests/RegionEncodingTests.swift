import Foundation
import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// Encoding only the windows that are needed, on the published tiny model: 16×16 tokens in windows of 14, so four windows.
@Suite(.enabled(if: Shared.has("golden/forward.safetensors"), Shared.missing("golden/forward.safetensors")))
struct RegionEncodingTests {
    let model: SPTModel
    let image: RGBImage
    let workspace = Workspace(threads: 2)

    init() throws {
        model = try SPTModel(
            path: Shared.path("golden/sam_tiny.safetensors"), adapter: Shared.path("golden/spt_tiny.safetensors"))
        image = try Golden("golden/forward.safetensors").image("image_u8")
    }

    private var encoder: VisionTransformer { get throws { try #require(model.encoder as? VisionTransformer) } }

    private func input() -> Tensor {
        let side = model.configuration.imageSize, input = Tensor(rows: side * side, columns: 3)
        ImageProcessor(model.configuration)(image, rect: PixelRect(image.size), into: input, in: workspace)
        return input
    }

    private func answer(_ needed: PixelRect?, threads: Int = 2) throws -> Perception {
        let session = SPTSession(model: model, threads: threads)
        session.display(image, rect: PixelRect(image.size), where: needed.map { needed in { $0.intersection(needed) != nil } })
        return try #require(session.ask([Prompt(box: .init(left: 20, top: 10, right: 200, bottom: 150))]).first)
    }

    @Test func allWindows_AsASet_AreTheWholeEncodingToTheBit() throws {
        let encoder = try encoder, grid = encoder.windows
        let all = TokenSet(grid, isTaken: [Bool](repeating: true, count: grid.count))
        #expect(all.count == 256 && all.share == 1 && grid.count == 4)
        let whole = Tensor(rows: 256, columns: 64), part = Tensor(rows: 256, columns: 64)
        encoder(input(), into: whole, in: workspace)
        encoder(input(), tokens: all, into: part, in: workspace)
        #expect(whole.values == part.values)
        let relation = VisualRelation(tokens: 256, channels: 64)
        relation.update(embedding: whole, alpha: 0, in: workspace)
        let prompt = Prompt(box: .init(left: 20, top: 10, right: 200, bottom: 150))
        workspace.scope {
            let one = model.passes(prompt, embedding: whole, relation: relation, in: workspace)
            let other = model.passes(prompt, embedding: part, relation: relation, tokens: all, in: workspace)
            #expect(one.draft.masks.values == other.draft.masks.values)
            #expect(one.refined.masks.values == other.refined.masks.values)
            #expect(one.refined.iou.values == other.refined.iou.values)
        }
    }

    @Test func aRegionOverEverything_IsTheWholeEncodingToTheBit() throws {
        let whole = try answer(nil), part = try answer(PixelRect(image.size))
        #expect(whole.draft == part.draft && whole.refined == part.refined)
        #expect(whole.refinedIoU == part.refinedIoU)
    }

    @Test(arguments: [1, 3, 8])
    func aPart_IsBitIdentical_WhateverTheThreads(_ threads: Int) throws {
        let corner = PixelRect(x: 0, y: 0, width: 100, height: 60)
        let one = try answer(corner), other = try answer(corner, threads: threads)
        #expect(one.draft == other.draft && one.refined == other.refined)
    }

    /// A part by its definition: the layers of the whole encoder, with what is left out made invisible by hand.
    @Test func aPart_IsWhatAttentionAmongItsTokensGives() throws {
        let encoder = try encoder, tokens = TokenSet(encoder.windows, isTaken: [true, false, false, true]), width = 48
        #expect(tokens.count == 14 * 14 + 2 * 2)
        let x = Tensor(rows: 256, columns: width)
        encoder.embedPatches(input(), into: x, in: workspace)
        let part = Tensor(rows: tokens.count, columns: width)
        tokens.gather(x, into: part, in: workspace)
        // Block 0 looks at windows alone, so it is the whole encoder's, bit for bit.
        encoder.blocks[0](x, in: workspace)
        encoder.blocks[0](part, tokens: tokens, in: workspace)
        let exact = Tensor(rows: tokens.count, columns: width)
        tokens.gather(x, into: exact, in: workspace)
        #expect(part.values == exact.values)
        // Block 1 looks everywhere: against the formula, token by token, in Double.
        let block = encoder.blocks[1]
        #expect(block.window == 0)
        let expected = naive(block, exact, tokens)
        encoder.blocks[1](part, tokens: tokens, in: workspace)
        expectClose(part.values, expected, within: 1e-4, "global block over a part")
    }

    /// x + proj(softmax(q·kᵀ/√d + q·R_h + q·R_w)·v) and the perceptron behind it, over a part's tokens.
    private func naive(_ block: VisionTransformerBlock, _ x: Tensor, _ tokens: TokenSet) -> [Float] {
        let count = x.rows, width = x.columns, heads = block.heads, size = width / heads
        let normal = Tensor(rows: count, columns: width), qkv = Tensor(rows: count, columns: 3 * width)
        normal.copy(from: x)
        block.norm1(normal.pointer, rows: count)
        block.qkv(normal, into: qkv)
        let mixed = Tensor(rows: count, columns: width), tables = tables(block)
        for head in 0..<heads {
            for i in 0..<count {
                let q = (0..<size).map { Double(qkv.pointer[i * 3 * width + head * size + $0]) }
                let (yi, xi) = (Int(tokens.tokens[i]) / 16, Int(tokens.tokens[i]) % 16)
                func dot(_ row: [Float]) -> Double { zip(q, row).reduce(0) { $0 + $1.0 * Double($1.1) } }
                let scores = (0..<count).map { j -> Double in
                    let k = (0..<size).map { qkv.pointer[j * 3 * width + width + head * size + $0] }
                    let (yj, xj) = (Int(tokens.tokens[j]) / 16, Int(tokens.tokens[j]) % 16)
                    return dot(k) / Double(size).squareRoot() + dot(tables.vertical[yi - yj + 15]) + dot(tables.horizontal[xi - xj + 15])
                }
                let peak = scores.max() ?? 0, weights = scores.map { exp($0 - peak) }, total = weights.reduce(0, +)
                for channel in 0..<size {
                    let sum = (0..<count).reduce(0.0) {
                        $0 + weights[$1] * Double(qkv.pointer[$1 * 3 * width + 2 * width + head * size + channel])
                    }
                    mixed.pointer[i * width + head * size + channel] = Float(sum / total)
                }
            }
        }
        let result = Tensor(rows: count, columns: width)
        block.output(mixed, into: result)
        for index in 0..<result.count { result.pointer[index] += x.pointer[index] }
        normal.copy(from: result)
        block.norm2(normal.pointer, rows: count)
        let wide = Tensor(rows: count, columns: 4 * width), narrow = Tensor(rows: count, columns: width)
        block.widen(normal, activation: .gelu, into: wide)
        block.narrow(wide, into: narrow)
        return zip(result.values, narrow.values).map { $0 + $1 }
    }

    private func tables(_ block: VisionTransformerBlock) -> (vertical: [[Float]], horizontal: [[Float]]) {
        func table(_ name: String) -> [[Float]] {
            let values = (try? Golden("golden/sam_tiny.safetensors").floats("image_encoder.blocks.1.attn.\(name)")) ?? []
            return stride(from: 0, to: values.count, by: 16).map { Array(values[$0..<$0 + 16]) }
        }
        return (table("rel_pos_h"), table("rel_pos_w"))
    }

    @Test func whatIsNotEncoded_IsNoMask() throws {
        // Only the first window: 14 of 16 tokens along each axis.
        let map = try answer(PixelRect(x: 0, y: 0, width: 100, height: 60)).refined
        for row in 0..<64 {
            for column in 0..<64 {
                let isEncoded = row < 56 && column < 56
                #expect((map.values[row * 64 + column] == MaskDecoder.unseenLogit) != isEncoded)
            }
        }
    }

    @Test func anotherPicture_IsWholeAgain() throws {
        let session = SPTSession(model: model, threads: 2), frame = PixelRect(image.size)
        let prompt = Prompt(box: .init(left: 20, top: 10, right: 200, bottom: 150)), expected = try answer(nil)
        session.display(image, rect: frame, where: { $0.x == 0 && $0.y == 0 })
        _ = session.ask([prompt])
        session.display(image, rect: frame)
        let answer = try #require(session.ask([prompt]).first)
        #expect(answer.draft == expected.draft && answer.refined == expected.refined)
    }

    @Test func nano_HasNothingToLeaveOut() throws {
        #expect(model.encodesRegions)
        let nano = try SPTModel(path: SPTModel.embeddedName)
        #expect(!nano.encodesRegions)
        #expect(nano.tokens(of: PixelSize(width: 640, height: 480)) { $0.x == 0 } == nil)
        #expect(nano.windows == 1)
    }
}
