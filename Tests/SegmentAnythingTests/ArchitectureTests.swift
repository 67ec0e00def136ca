import Testing
@testable import SegmentAnything

/// Sizes found in keys and shapes.
struct ArchitectureTests {
    /// The shapes of a published checkpoint, by the rules of its architecture; the last entries are spot checks written down
    /// from Meta's and MobileSAM's own code.
    func shapes(_ config: String, _ spotChecks: [String: [Int]]) throws -> [String: [Int]] {
        let configuration = try ModelConfiguration(json: .init(config.utf8), file: "c")
        let shapes = CheckpointLayout(configuration, refined: false).shapes
        for (key, shape) in spotChecks { #expect(shapes[key] == shape, "\(key)") }
        return shapes
    }

    static let vitB = #"{"image_size":1024,"patch_size":16,"embed_dim":768,"depth":12,"num_heads":12,"global_attn_indexes":[2,5,8,11],"window_size":14,"out_chans":256}"#
    static let mobile = #"{"encoder":"tinyvit","image_size":1024,"embed_dims":[64,128,160,320],"depths":[2,2,6,2],"heads":[2,4,5,10],"window_sizes":[7,7,14,7],"mlp_ratio":4,"out_chans":256}"#

    @Test func vitB_IsFound() throws {
        let shapes = try shapes(Self.vitB, [
            "image_encoder.pos_embed": [1, 64, 64, 768], "image_encoder.blocks.2.attn.rel_pos_h": [127, 64],
            "image_encoder.blocks.3.attn.rel_pos_w": [27, 64], "image_encoder.blocks.11.mlp.lin1.weight": [3072, 768],
            "image_encoder.neck.2.weight": [256, 256, 3, 3], "mask_decoder.mask_tokens.weight": [4, 256],
            "mask_decoder.output_hypernetworks_mlps.3.layers.2.weight": [32, 256],
            "mask_decoder.transformer.layers.1.mlp.lin1.weight": [2048, 256],
            "mask_decoder.transformer.final_attn_token_to_image.q_proj.weight": [128, 256],
            "mask_decoder.output_upscaling.3.weight": [64, 32, 2, 2], "prompt_encoder.mask_downscaling.6.weight": [256, 16, 1, 1],
        ])
        // What segment_anything's build_sam_vit_b saves.
        #expect(shapes.count == 314)
        let found = try ArchitectureDetector(file: "f", shapes: shapes).configuration(adapted: false)
        #expect(found.architectureName == "SAM ViT-B")
        #expect((found.imageSize, found.embeddingStride, found.embedDim) == (1024, 16, 768))
        #expect((found.depth, found.numHeads, found.windowSize) == (12, 12, 14))
        #expect(found.globalAttnIndexes == [2, 5, 8, 11])
        #expect((found.decoderHeads, found.decoderDepth, found.decoderMlpDim) == (8, 2, 2048))
        #expect((found.iouHeadDepth, found.iouHeadHiddenDim, found.numMultimaskOutputs, found.maskInChans) == (3, 256, 3, 16))
        #expect((found.resize, found.truncateInput) == (.longestSide, false))
        let adapted = try ArchitectureDetector(file: "f", shapes: shapes).configuration(adapted: true)
        #expect((adapted.resize, adapted.truncateInput) == (.stretch, true))
    }

    @Test(arguments: [(1024, 24, 16, [5, 11, 17, 23], "SAM ViT-L"), (1280, 32, 16, [7, 15, 23, 31], "SAM ViT-H")] as [(Int, Int, Int, [Int], String)])
    func largerOnes_AreFound(_ width: Int, _ depth: Int, _ heads: Int, _ global: [Int], _ name: String) throws {
        let config = #"{"image_size":1024,"embed_dim":\#(width),"depth":\#(depth),"num_heads":\#(heads),"global_attn_indexes":\#(global),"window_size":14,"out_chans":256}"#
        let found = try ArchitectureDetector(file: "f", shapes: shapes(config, [:])).configuration(adapted: false)
        #expect(found.architectureName == name)
        #expect(found.globalAttnIndexes == global)
        #expect(found.numHeads == heads)
    }

    @Test func mobileSAM_IsFound() throws {
        var shapes = try shapes(Self.mobile, [
            "image_encoder.patch_embed.seq.0.c.weight": [32, 3, 3, 3], "image_encoder.patch_embed.seq.2.bn.running_var": [64],
            "image_encoder.layers.0.blocks.1.conv2.c.weight": [256, 1, 3, 3], "image_encoder.layers.0.downsample.conv1.c.weight": [128, 64, 1, 1],
            "image_encoder.layers.1.blocks.0.attn.attention_biases": [4, 49], "image_encoder.layers.2.blocks.5.attn.attention_biases": [5, 196],
            "image_encoder.layers.2.downsample.conv2.c.weight": [320, 1, 3, 3], "image_encoder.layers.3.blocks.0.attn.qkv.weight": [960, 320],
            "image_encoder.layers.3.blocks.1.mlp.fc2.weight": [320, 1280], "image_encoder.layers.1.blocks.0.local_conv.c.weight": [128, 1, 3, 3],
            "image_encoder.neck.0.weight": [256, 320, 1, 1],
        ])
        // The published model's state dict has 439 tensors: these, a counter for each of the 27 batch norms, and the classifier's four.
        let norms = shapes.keys.filter { $0.hasSuffix(".running_mean") }
        #expect(shapes.count + norms.count + 4 == 439)
        for name in norms { shapes[name.replacing("running_mean", with: "num_batches_tracked")] = [] }
        shapes["image_encoder.head.weight"] = [1000, 320]
        shapes["image_encoder.layers.1.blocks.0.attn.attention_bias_idxs"] = [49, 49]
        let found = try ArchitectureDetector(file: "f", shapes: shapes).configuration(adapted: false)
        #expect(found.architectureName == "MobileSAM (ViT-T)")
        #expect(found.encoder == .tinyvit)
        #expect(found.embedDims == [64, 128, 160, 320])
        #expect(found.depths == [2, 2, 6, 2])
        #expect(found.heads == [2, 4, 5, 10])
        #expect(found.windowSizes == [7, 7, 14, 7])
        #expect((found.mlpRatio, found.imageSize, found.gridSize) == (4, 1024, 64))
        let comparison = CheckpointComparison(file: "f", layout: CheckpointLayout(found, refined: false), configuration: found)
        #expect(try comparison.check(shapes).count == norms.count + 2)
    }

    @Test func aMismatch_IsExplainedByKey() throws {
        var shapes = try shapes(Self.vitB, [:])
        shapes["image_encoder.blocks.3.norm2.bias"] = nil
        for index in 0..<5 { shapes["extra.\(index)"] = [1] }
        shapes["image_encoder.neck.1.weight"] = [255]
        let found = try ArchitectureDetector(file: "f", shapes: shapes).configuration(adapted: false)
        let comparison = CheckpointComparison(file: "f", layout: CheckpointLayout(found, refined: false), configuration: found)
        let error = #expect(throws: CheckpointError.self) { try comparison.check(shapes) }
        for part in [
            "looks like SAM ViT-B", "image_encoder.blocks.3.norm2.bias is missing", "extra.0, extra.1, extra.2 and 2 more keys are not part of it",
            "image_encoder.neck.1.weight has shape [255] where [256] is right",
        ] { #expect(error?.problem.contains(part) == true, "\(error?.problem ?? "")") }
    }

    @Test(arguments: [
        ("image_encoder.pos_embed", nil, "pos_embed is missing"), ("image_encoder.pos_embed", [1, 64, 32, 768], "only squares"),
        ("image_encoder.pos_embed", [64, 768], "4 sizes above 0"), ("image_encoder.pos_embed", [1, Int.max, Int.max, 768], "4 sizes above 0"),
        ("image_encoder.pos_embed", [1, 1 << 20, 1 << 20, 768], "the whole grid of 1048576"), ("image_encoder.blocks.0.norm1.weight", nil, "no transformer block"),
        ("image_encoder.blocks.0.attn.rel_pos_h", nil, "rel_pos_h is missing"), ("image_encoder.blocks.0.attn.rel_pos_h", [28, 64], "odd number of rows"),
        ("image_encoder.blocks.1.attn.rel_pos_h", [29, 64], "has 29 rows"), ("image_encoder.blocks.0.attn.rel_pos_h", [27, 0], "2 sizes above 0"),
        ("mask_decoder.mask_tokens.weight", nil, "mask_tokens.weight is missing"), ("mask_decoder.mask_tokens.weight", [4, 250], "transformer_dim 250"),
        ("prompt_encoder.mask_downscaling.3.weight", [15, 4, 2, 2], "mask_in_chans"), ("image_encoder.patch_embed.proj.weight", nil, "neither SAM's ViT"),
    ] as [(String, [Int]?, String)])
    func shapesThatTellNothing_AreRefused(_ key: String, _ shape: [Int]?, _ message: String) throws {
        var shapes = try shapes(Self.vitB, [:])
        shapes[key] = shape
        let error = #expect(throws: CheckpointError.self) {
            try ArchitectureDetector(file: "f", shapes: shapes).configuration(adapted: false)
        }
        #expect(error?.problem.contains(message) == true, "\(error?.problem ?? "")")
    }

    @Test(arguments: [
        (["image_encoder.trunk.blocks.0.attn.qkv.weight", "sam_mask_decoder.iou_token.weight"], "SAM 2"),
        (["image_encoder.a", "prompt_encoder.b", "mask_decoder.hf_token.weight"], "HQ-SAM"),
        (["image_encoder.a", "prompt_encoder.invalid_points.weight", "mask_decoder.x"], "EfficientSAM"),
        (["vision_encoder.layers.0.attn.qkv.weight", "mask_decoder.x"], "Hugging Face"),
        (["patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "neck.0.weight"], "image encoder alone"),
        (["patch_embed.seq.0.c.weight", "head.weight"], "TinyViT classifier"), (["model.0.conv.weight"], "YOLO"),
        (["visual.conv1.weight", "logit_scale"], "CLIP"), (["cls_token", "mask_token", "blocks.0.attn.qkv.weight"], "DINO"),
        (["cls_token", "blocks.0.attn.qkv.weight"], "plain vision transformer"), (["conv1.weight", "layer1.0.conv1.weight"], "ResNet"),
        (["x.lora_A", "x.lora_B"], "it is an SPT adapter"), (["gpt.wte"], "has none of SAM's keys"),
    ] as [([String], String)])
    func otherModels_AreNamed(_ keys: [String], _ name: String) {
        let shapes = Dictionary(uniqueKeysWithValues: keys.map { ($0, [1]) })
        let error = #expect(throws: CheckpointError.self) {
            try ArchitectureDetector(file: "f", shapes: shapes).configuration(adapted: false)
        }
        #expect(error?.problem.contains(name) == true, "\(error?.problem ?? "")")
    }

    @Test func adapters_AreComparedWithTheBase() throws {
        let configuration = try ModelConfiguration(json: .init(Self.vitB.utf8), file: "c")
        let comparison = LowRankComparison(layout: CheckpointLayout(configuration, refined: false), configuration: configuration)
        let qkv = "image_encoder.blocks.0.attn.qkv", query = "draft_decoder.transformer.layers.1.self_attn.q_proj"
        let good = [
            qkv + ".lora_A": [16, 768], qkv + ".lora_B": [1536, 8], query + ".lora_A": [8, 256], query + ".lora_B": [256, 8],
            "draft_decoder.transformer.layers.0.lora_sim_scale": [256],
        ]
        #expect(throws: Never.self) { try comparison.check(good, file: "a") }
        #expect(LowRankComparison.rank(good) == 8)
        func expectRefusal(_ change: [String: [Int]?], _ message: String) {
            var shapes = good
            for (key, shape) in change { shapes[key] = shape }
            let error = #expect(throws: CheckpointError.self) { try comparison.check(shapes, file: "a") }
            #expect(error?.problem.contains(message) == true, "\(error?.problem ?? "")")
        }
        expectRefusal([qkv + ".lora_A": [16, 1024]], "do not fit weights of [2304, 768]")
        expectRefusal([qkv + ".lora_B": [1536, 4]], "do not fit")
        expectRefusal([qkv + ".lora_B": [0, 1 << 62]], "do not fit")
        expectRefusal([qkv + ".lora_A": nil], "only one of")
        expectRefusal([qkv + ".lora_B": nil], "only one of")
        expectRefusal(["image_encoder.blocks.12.attn.qkv.lora_A": [16, 768], "image_encoder.blocks.12.attn.qkv.lora_B": [1536, 8]], "belongs to another model")
        expectRefusal(["draft_decoder.transformer.layers.2.lora_sim_scale": [256]], "has not")
        expectRefusal(["mask_decoder.transformer.layers.0.lora_sim_scale": [64]], "[256] fits the base")
        expectRefusal(["mask_decoder.iou_token.weight": [1, 256]], "not part of an SPT adapter")
    }
}
