import Foundation

/// Finds a SAM's sizes in the keys and shapes of its checkpoint, as published by Meta (ViT) and MobileSAM (TinyViT).
///
/// Three things leave no trace in a checkpoint and are what every published SAM has: 8 attention heads in the decoder
/// (`TwoWayTransformer(num_heads=8)` in segment-anything's `build_sam`), and for TinyViT, which has no table of absolute
/// positions, 1024×1024 input and an embedding of stride 16.
struct ArchitectureDetector {
    let file: String
    let shapes: [String: [Int]]
    private static let decoderHeads = 8

    /// - Parameter adapted: whether an SPT adapter goes with the model: it is then evaluated as SPT publishes it, on stretched
    ///   input truncated to bytes, and otherwise as SAM's own predictor does, longest side first.
    func configuration(adapted: Bool) throws(CheckpointError) -> ModelConfiguration {
        guard let family = CheckpointFamily(keys: shapes.keys) else {
            let some = shapes.keys.sorted().prefix(3).joined(separator: ", ")
            throw CheckpointError(
                file: file, problem: "has none of SAM's keys (image_encoder.*, prompt_encoder.*, mask_decoder.*); it holds \(shapes.count) tensors: \(some), …")
        }
        guard family == .sam else { throw CheckpointError(file: file, problem: family.refusal) }
        var sizes: [String: Any] = [
            "resize": adapted ? ModelConfiguration.Resize.stretch.rawValue : ModelConfiguration.Resize.longestSide.rawValue,
            "truncate_input": adapted,
        ]
        if shapes["image_encoder.patch_embed.seq.0.c.weight"] != nil {
            try addTinyViT(to: &sizes)
        } else if shapes["image_encoder.patch_embed.proj.weight"] != nil {
            try addViT(to: &sizes)
        } else {
            throw CheckpointError(
                file: file,
                problem: "has an image encoder that is neither SAM's ViT (image_encoder.patch_embed.proj.weight) nor MobileSAM's TinyViT (image_encoder.patch_embed.seq.0.c.weight)")
        }
        try addDecoder(to: &sizes)
        do {
            return try ModelConfiguration(json: JSONSerialization.data(withJSONObject: sizes), file: file)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw CheckpointError(file: file, problem: "its sizes cannot be described: \(error)")
        }
    }

    /// - Returns: the sizes of a tensor that must be there and have `rank` dimensions, all above 0.
    private func shape(_ key: String, rank: Int) throws(CheckpointError) -> [Int] {
        guard let shape = shapes[key] else { throw CheckpointError(file: file, problem: "\(key) is missing: without it the architecture is unknown") }
        guard shape.count == rank, shape.allSatisfy({ (1...1 << 24).contains($0) }) else {
            throw CheckpointError(file: file, problem: "\(key) has shape \(shape); \(rank) sizes above 0 are expected")
        }
        return shape
    }

    /// How many numbers in a row, from `first` on, make a key between `prefix` and `suffix`.
    private func count(_ prefix: String, _ suffix: String, from first: Int = 0) -> Int {
        var next = first
        while shapes["\(prefix)\(next)\(suffix)"] != nil { next += 1 }
        return next - first
    }

    /// Decomposed relative positions have one row for each distance, 2·span − 1, and one column for each channel of a head:
    /// they tell heads, window and which blocks attend globally.
    private func addViT(to sizes: inout [String: Any]) throws(CheckpointError) {
        let encoder = "image_encoder."
        let patch = try shape(encoder + "patch_embed.proj.weight", rank: 4), positions = try shape(encoder + "pos_embed", rank: 4)
        let width = patch[0], grid = positions[1]
        guard patch[2] == patch[3], positions[2] == grid else {
            throw CheckpointError(file: file, problem: "patches of \(patch[2])×\(patch[3]) or a grid of \(grid)×\(positions[2]) tokens: only squares are possible")
        }
        let depth = count(encoder + "blocks.", ".norm1.weight")
        guard depth > 0 else { throw CheckpointError(file: file, problem: "image_encoder.blocks.0.norm1.weight is missing: it has no transformer block") }
        var global: [Int] = [], window = 0, headSize = 0
        for index in 0..<depth {
            let key = "\(encoder)blocks.\(index).attn.rel_pos_h", shape = try shape(key, rank: 2), length = shape[0]
            guard headSize == 0 || headSize == shape[1], length % 2 == 1 else {
                throw CheckpointError(file: file, problem: "\(key) has shape \(shape); an odd number of rows and \(headSize) columns as in the blocks before are expected")
            }
            headSize = shape[1]
            if length == 2 * grid - 1 {
                global.append(index)
            } else if window == 0 || length == 2 * window - 1 {
                window = (length + 1) / 2
            } else {
                throw CheckpointError(
                    file: file,
                    problem: "\(key) has \(length) rows; \(2 * window - 1) (windows as in the blocks before) or \(2 * grid - 1) (the whole grid of \(grid)) are expected")
            }
        }
        guard width % headSize == 0 else {
            throw CheckpointError(file: file, problem: "its width \(width) does not divide by \(headSize), the width of rel_pos_h: no number of heads fits")
        }
        sizes["encoder"] = ModelConfiguration.Encoder.vit.rawValue
        sizes["image_size"] = grid * patch[2]
        sizes["embedding_stride"] = patch[2]
        sizes["embed_dim"] = width
        sizes["depth"] = depth
        sizes["num_heads"] = width / headSize
        sizes["global_attn_indexes"] = global
        sizes["window_size"] = window
    }

    /// Stage 0 is made of convolutions, the others of blocks whose `attention_biases` are heads × window².
    private func addTinyViT(to sizes: inout [String: Any]) throws(CheckpointError) {
        let layers = "image_encoder.layers."
        var dims = [try shape(layers + "0.blocks.0.conv1.c.weight", rank: 4)[1]]
        var depths = [count(layers + "0.blocks.", ".conv1.c.weight")], heads = [1], windows = [1]
        let stages = count(layers, ".blocks.0.attn.attention_biases", from: 1)
        guard stages > 0 else { throw CheckpointError(file: file, problem: "\(layers)1.blocks.0.attn.attention_biases is missing: it has no attention") }
        for stage in 1...stages {
            let block = "\(layers)\(stage).blocks.0."
            let biases = try shape(block + "attn.attention_biases", rank: 2), side = Int(Double(biases[1]).squareRoot().rounded())
            guard side * side == biases[1] else {
                throw CheckpointError(file: file, problem: "\(block)attn.attention_biases has \(biases[1]) columns; the square of a window's side is expected")
            }
            dims.append(try shape(block + "attn.norm.weight", rank: 1)[0])
            depths.append(count("\(layers)\(stage).blocks.", ".attn.norm.weight"))
            heads.append(biases[0])
            windows.append(side)
        }
        // The first stage has neither heads nor windows; published configurations name what goes on in the next one.
        heads[0] = max(1, heads[1] * dims[0] / dims[1])
        windows[0] = windows[1]
        sizes["encoder"] = ModelConfiguration.Encoder.tinyvit.rawValue
        sizes["image_size"] = 1024
        sizes["embedding_stride"] = 16
        sizes["embed_dims"] = dims
        sizes["depths"] = depths
        sizes["heads"] = heads
        sizes["window_sizes"] = windows
        sizes["mlp_ratio"] = try shape(layers + "1.blocks.0.mlp.fc1.weight", rank: 2)[0] / dims[1]
    }

    private func addDecoder(to sizes: inout [String: Any]) throws(CheckpointError) {
        let decoder = "mask_decoder."
        let tokens = try shape(decoder + "mask_tokens.weight", rank: 2)
        let iouDepth = count(decoder + "iou_prediction_head.layers.", ".weight")
        sizes["transformer_dim"] = tokens[1]
        sizes["num_multimask_outputs"] = tokens[0] - 1
        sizes["decoder_depth"] = count(decoder + "transformer.layers.", ".norm1.weight")
        sizes["decoder_heads"] = Self.decoderHeads
        sizes["decoder_mlp_dim"] = try shape(decoder + "transformer.layers.0.mlp.lin1.weight", rank: 2)[0]
        sizes["iou_head_depth"] = iouDepth
        if iouDepth > 1 { sizes["iou_head_hidden_dim"] = try shape(decoder + "iou_prediction_head.layers.0.weight", rank: 2)[0] }
        sizes["mask_in_chans"] = try shape("prompt_encoder.mask_downscaling.3.weight", rank: 4)[0]
    }
}
