/// Every key of a SAM checkpoint as published, with its shape, for the sizes that a configuration names.
///
/// The layers ask for the same keys when a model is loaded. An import needs them all beforehand, to say in one go what a
/// file lacks and what it has too much.
struct CheckpointLayout {
    private(set) var shapes: [String: [Int]] = [:]

    /// - Parameter refined: whether there is a refine decoder (`draft_decoder`) of its own.
    init(_ configuration: ModelConfiguration, refined: Bool) {
        switch configuration.encoder {
        case .vit: addViT(configuration)
        case .tinyvit: addTinyViT(configuration)
        case .lite0: break
        }
        addNeck(configuration)
        addPromptEncoder(configuration)
        addDecoder(configuration, "mask_decoder.")
        if refined { addDecoder(configuration, "draft_decoder.") }
    }

    /// Buffers that published checkpoints hold and no forward pass needs.
    static func isNeedless(_ key: String, encoder: ModelConfiguration.Encoder) -> Bool {
        if key == "pixel_mean" || key == "pixel_std" { return true }
        guard encoder == .tinyvit else { return false }
        return key.hasSuffix(".num_batches_tracked") || key.hasSuffix(".attention_bias_idxs")
            || key.hasPrefix("image_encoder.norm_head.") || key.hasPrefix("image_encoder.head.")
    }

    private mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int) {
        shapes[name + ".weight"] = [outputs, inputs]
        shapes[name + ".bias"] = [outputs]
    }

    private mutating func norm(_ name: String, _ size: Int) {
        shapes[name + ".weight"] = [size]
        shapes[name + ".bias"] = [size]
    }

    private mutating func convolution(_ name: String, _ shape: [Int], bias: Int? = nil) {
        shapes[name + ".weight"] = shape
        if let bias { shapes[name + ".bias"] = [bias] }
    }

    /// MobileSAM's `Conv2d_BN`.
    private mutating func normalisedConvolution(_ name: String, _ inputs: Int, _ outputs: Int, kernel: Int) {
        convolution(name + ".c", [outputs, inputs, kernel, kernel])
        norm(name + ".bn", outputs)
        shapes[name + ".bn.running_mean"] = [outputs]
        shapes[name + ".bn.running_var"] = [outputs]
    }

    private mutating func addViT(_ configuration: ModelConfiguration) {
        let encoder = "image_encoder.", width = configuration.embedDim ?? 0, grid = configuration.gridSize
        let patch = configuration.embeddingStride, headSize = width / max(configuration.numHeads ?? 1, 1)
        convolution(encoder + "patch_embed.proj", [width, 3, patch, patch], bias: width)
        shapes[encoder + "pos_embed"] = [1, grid, grid, width]
        let global = Set(configuration.globalAttnIndexes ?? [])
        for index in 0..<(configuration.depth ?? 0) {
            let block = "\(encoder)blocks.\(index).", window = configuration.windowSize ?? 0
            let span = global.contains(index) || window == 0 ? grid : window
            norm(block + "norm1", width)
            linear(block + "attn.qkv", width, 3 * width)
            shapes[block + "attn.rel_pos_h"] = [2 * span - 1, headSize]
            shapes[block + "attn.rel_pos_w"] = [2 * span - 1, headSize]
            linear(block + "attn.proj", width, width)
            norm(block + "norm2", width)
            linear(block + "mlp.lin1", width, 4 * width)
            linear(block + "mlp.lin2", 4 * width, width)
        }
    }

    private mutating func addTinyViT(_ configuration: ModelConfiguration) {
        let encoder = "image_encoder.", stages = configuration.tinyViTStages(), ratio = configuration.mlpRatio ?? 0
        guard let first = stages.first else { return }
        normalisedConvolution(encoder + "patch_embed.seq.0", 3, first.width / 2, kernel: 3)
        normalisedConvolution(encoder + "patch_embed.seq.2", first.width / 2, first.width, kernel: 3)
        for (index, stage) in stages.enumerated() {
            let layer = "\(encoder)layers.\(index).", width = stage.width
            for number in 0..<stage.depth {
                let block = "\(layer)blocks.\(number)."
                if index == 0 {
                    // `mbconv_expand_ratio`, which every published TinyViT leaves at 4.
                    addDepthwise(block, width, 4 * width, width)
                    continue
                }
                norm(block + "attn.norm", width)
                linear(block + "attn.qkv", width, 3 * width)
                shapes[block + "attn.attention_biases"] = [stage.heads, stage.window * stage.window]
                linear(block + "attn.proj", width, width)
                norm(block + "mlp.norm", width)
                linear(block + "mlp.fc1", width, ratio * width)
                linear(block + "mlp.fc2", ratio * width, width)
                normalisedConvolution(block + "local_conv", 1, width, kernel: 3)
            }
            if index + 1 < stages.count {
                addDepthwise(layer + "downsample.", width, stages[index + 1].width, stages[index + 1].width)
            }
        }
    }

    /// 1×1, depthwise 3×3, 1×1.
    private mutating func addDepthwise(_ prefix: String, _ inputs: Int, _ hidden: Int, _ outputs: Int) {
        normalisedConvolution(prefix + "conv1", inputs, hidden, kernel: 1)
        normalisedConvolution(prefix + "conv2", 1, hidden, kernel: 3)
        normalisedConvolution(prefix + "conv3", hidden, outputs, kernel: 1)
    }

    private mutating func addNeck(_ configuration: ModelConfiguration) {
        let neck = "image_encoder.neck.", out = configuration.transformerDim
        let width = configuration.encoder == .tinyvit ? configuration.embedDims?.last : configuration.embedDim
        convolution(neck + "0", [out, width ?? 0, 1, 1])
        norm(neck + "1", out)
        convolution(neck + "2", [out, out, 3, 3])
        norm(neck + "3", out)
    }

    private mutating func addPromptEncoder(_ configuration: ModelConfiguration) {
        let prefix = "prompt_encoder.", dim = configuration.transformerDim, channels = configuration.maskInChans
        shapes[prefix + "pe_layer.positional_encoding_gaussian_matrix"] = [2, dim / 2]
        for kind in 0..<4 { shapes["\(prefix)point_embeddings.\(kind).weight"] = [1, dim] }
        shapes[prefix + "not_a_point_embed.weight"] = [1, dim]
        shapes[prefix + "no_mask_embed.weight"] = [1, dim]
        let down = prefix + "mask_downscaling."
        convolution(down + "0", [channels / 4, 1, 2, 2], bias: channels / 4)
        norm(down + "1", channels / 4)
        convolution(down + "3", [channels, channels / 4, 2, 2], bias: channels)
        norm(down + "4", channels)
        convolution(down + "6", [dim, channels, 1, 1], bias: dim)
    }

    private mutating func addDecoder(_ configuration: ModelConfiguration, _ decoder: String) {
        let dim = configuration.transformerDim, masks = configuration.numMultimaskOutputs + 1
        for index in 0..<configuration.decoderDepth {
            let block = "\(decoder)transformer.layers.\(index)."
            addAttention(block + "self_attn.", dim, dim)
            addAttention(block + "cross_attn_token_to_image.", dim, dim / 2)
            addAttention(block + "cross_attn_image_to_token.", dim, dim / 2)
            linear(block + "mlp.lin1", dim, configuration.decoderMlpDim)
            linear(block + "mlp.lin2", configuration.decoderMlpDim, dim)
            for number in 1...4 { norm("\(block)norm\(number)", dim) }
        }
        addAttention(decoder + "transformer.final_attn_token_to_image.", dim, dim / 2)
        norm(decoder + "transformer.norm_final_attn", dim)
        shapes[decoder + "iou_token.weight"] = [1, dim]
        shapes[decoder + "mask_tokens.weight"] = [masks, dim]
        convolution(decoder + "output_upscaling.0", [dim, dim / 4, 2, 2], bias: dim / 4)
        norm(decoder + "output_upscaling.1", dim / 4)
        convolution(decoder + "output_upscaling.3", [dim / 4, dim / 8, 2, 2], bias: dim / 8)
        for mask in 0..<masks {
            addPerceptron("\(decoder)output_hypernetworks_mlps.\(mask)", [dim, dim, dim, dim / 8])
        }
        let hidden = [Int](repeating: configuration.iouHeadHiddenDim, count: configuration.iouHeadDepth - 1)
        addPerceptron(decoder + "iou_prediction_head", [dim] + hidden + [masks])
    }

    private mutating func addAttention(_ name: String, _ dim: Int, _ inner: Int) {
        for part in ["q_proj", "k_proj", "v_proj"] { linear(name + part, dim, inner) }
        linear(name + "out_proj", inner, dim)
    }

    private mutating func addPerceptron(_ name: String, _ sizes: [Int]) {
        for index in 0..<sizes.count - 1 { linear("\(name).layers.\(index)", sizes[index], sizes[index + 1]) }
    }
}
