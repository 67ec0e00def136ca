import Foundation
import Imaging
@testable import SegmentAnything
@testable import Tensor

/// A whole SPT model with random weights, small enough to be tuned in a test: 96×96 pixels, 6×6 tokens in windows of 4, masks of
/// 24×24. No norm is over fewer than eight channels: over four, some pixel's lie so close together that its slope is that of a
/// needle, which differences step over.
final class RandomModel {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString).safetensors").path
    private var generator: SeededGenerator
    private var tensors: [(stored: StoredTensor, memory: Tensor)] = []

    private static let width = 32, heads = 2, hidden = 24, mlp = 20

    /// - Parameter depth: blocks of the image encoder; the second attends everywhere.
    init(seed: UInt64, grid: Int = 6, depth: Int = 2) throws {
        generator = SeededGenerator(seed: seed)
        addEncoder(grid: grid, depth: depth)
        addPromptEncoder()
        for decoder in ["mask_decoder", "draft_decoder"] { addDecoder(decoder + ".") }
        let config = """
            {"encoder": "vit", "image_size": \(16 * grid), "patch_size": 16, "embed_dim": \(Self.hidden), "depth": \(depth), "num_heads": 3, \
            "global_attn_indexes": [1], "window_size": 4, "out_chans": \(Self.width), "mask_in_chans": 32, "decoder_depth": 2, \
            "decoder_heads": \(Self.heads), "decoder_mlp_dim": \(Self.mlp), "iou_head_depth": 3, "iou_head_hidden_dim": 16, "vatt_alpha": 0.0}
            """
        try SafeTensorsWriter.write(tensors.map(\.stored), metadata: ["config": config], to: path, overwrite: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// - Parameters:
    ///   - size: of the largest value; nil: what keeps activations near 1.
    ///   - middle: what the values lie around.
    private func add(_ name: String, _ shape: [Int], size: Float? = nil, around middle: Float = 0) {
        let memory = Tensor(rows: 1, columns: shape.reduce(1, *)), inputs = Float(shape.dropFirst().reduce(1, *))
        let size = size ?? (shape.count == 1 ? 0.2 : (3 / inputs).squareRoot())
        for index in 0..<memory.count { memory.pointer[index] = middle + size * generator.signed() }
        tensors.append((StoredTensor(name: name, type: .f32, shape: shape, values: UnsafeBufferPointer(memory.buffer)), memory))
    }

    private func norm(_ name: String, _ size: Int) {
        add(name + ".weight", [size], around: 1)
        add(name + ".bias", [size])
    }

    private func linear(_ name: String, _ inputs: Int, _ outputs: Int) {
        add(name + ".weight", [outputs, inputs])
        add(name + ".bias", [outputs])
    }

    private func addEncoder(grid: Int, depth: Int) {
        let prefix = "image_encoder.", hidden = Self.hidden, width = Self.width
        add(prefix + "patch_embed.proj.weight", [hidden, 3, 16, 16])
        add(prefix + "patch_embed.proj.bias", [hidden])
        add(prefix + "pos_embed", [1, grid, grid, hidden], size: 0.3)
        for index in 0..<depth {
            let name = prefix + "blocks.\(index).", span = index == 1 ? grid : 4
            norm(name + "norm1", hidden)
            norm(name + "norm2", hidden)
            linear(name + "attn.qkv", hidden, 3 * hidden)
            linear(name + "attn.proj", hidden, hidden)
            linear(name + "mlp.lin1", hidden, 4 * hidden)
            linear(name + "mlp.lin2", 4 * hidden, hidden)
            add(name + "attn.rel_pos_h", [2 * span - 1, hidden / 3], size: 0.3)
            add(name + "attn.rel_pos_w", [2 * span - 1, hidden / 3], size: 0.3)
        }
        add(prefix + "neck.0.weight", [width, hidden, 1, 1])
        norm(prefix + "neck.1", width)
        add(prefix + "neck.2.weight", [width, width, 3, 3])
        norm(prefix + "neck.3", width)
    }

    private func addPromptEncoder() {
        let prefix = "prompt_encoder.", width = Self.width
        add(prefix + "pe_layer.positional_encoding_gaussian_matrix", [2, width / 2], size: 1)
        for kind in 0..<4 { add(prefix + "point_embeddings.\(kind).weight", [1, width], size: 1) }
        add(prefix + "not_a_point_embed.weight", [1, width], size: 1)
        add(prefix + "no_mask_embed.weight", [1, width], size: 1)
        add(prefix + "mask_downscaling.0.weight", [8, 1, 2, 2], size: 0.5)
        add(prefix + "mask_downscaling.0.bias", [8])
        norm(prefix + "mask_downscaling.1", 8)
        add(prefix + "mask_downscaling.3.weight", [32, 8, 2, 2])
        add(prefix + "mask_downscaling.3.bias", [32])
        norm(prefix + "mask_downscaling.4", 32)
        add(prefix + "mask_downscaling.6.weight", [width, 32, 1, 1])
        add(prefix + "mask_downscaling.6.bias", [width])
    }

    private func addDecoder(_ prefix: String) {
        let width = Self.width, transformer = prefix + "transformer."
        func attention(_ name: String, inner: Int) {
            for part in ["q_proj", "k_proj", "v_proj"] { linear("\(name).\(part)", width, inner) }
            linear(name + ".out_proj", inner, width)
        }
        for layer in 0..<2 {
            let name = transformer + "layers.\(layer)."
            attention(name + "self_attn", inner: width)
            attention(name + "cross_attn_token_to_image", inner: width / 2)
            attention(name + "cross_attn_image_to_token", inner: width / 2)
            linear(name + "mlp.lin1", width, Self.mlp)
            linear(name + "mlp.lin2", Self.mlp, width)
            for index in 1...4 { norm(name + "norm\(index)", width) }
            add(name + "lora_sim_scale", [width], size: 0.5)
        }
        attention(transformer + "final_attn_token_to_image", inner: width / 2)
        norm(transformer + "norm_final_attn", width)
        add(prefix + "iou_token.weight", [1, width], size: 1)
        add(prefix + "mask_tokens.weight", [4, width], size: 1)
        add(prefix + "output_upscaling.0.weight", [width, width / 4, 2, 2], size: 0.6)
        add(prefix + "output_upscaling.0.bias", [width / 4])
        norm(prefix + "output_upscaling.1", width / 4)
        add(prefix + "output_upscaling.3.weight", [width / 4, width / 8, 2, 2], size: 1)
        add(prefix + "output_upscaling.3.bias", [width / 8])
        for mask in 0..<4 {
            let name = prefix + "output_hypernetworks_mlps.\(mask).layers."
            linear(name + "0", width, width)
            linear(name + "1", width, width)
            linear(name + "2", width, width / 8)
        }
        linear(prefix + "iou_prediction_head.layers.0", width, 16)
        linear(prefix + "iou_prediction_head.layers.1", 16, 16)
        linear(prefix + "iou_prediction_head.layers.2", 16, 4)
    }
}
