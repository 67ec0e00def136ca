/// Whose checkpoint it is, by the names of its tensors.
enum CheckpointFamily: CaseIterable {
    case adapter, sam2, samHQ, efficientSAM, huggingFace, sam, samEncoder, tinyViT, yolo, clip, dino, vit, resNet

    /// The first family, of the most particular ones first, that the keys speak for.
    init?(keys: some Collection<String>) {
        guard let family = Self.allCases.first(where: { $0.matches(keys) }) else { return nil }
        self = family
    }

    private func matches(_ keys: some Collection<String>) -> Bool {
        func has(_ start: String) -> Bool { keys.contains { $0.hasPrefix(start) } }
        switch self {
        case .adapter: return !keys.isEmpty && keys.allSatisfy { LowRankKey($0) != nil }
        case .sam2: return has("image_encoder.trunk.") || has("sam_mask_decoder.") || has("memory_encoder.")
        case .samHQ: return has("mask_decoder.hf_token") || has("mask_decoder.hf_mlp")
        case .efficientSAM: return has("prompt_encoder.invalid_points") || has("mask_decoder.final_output_upscaling_layers")
        case .huggingFace: return has("vision_encoder.") || has("shared_image_embedding.")
        case .sam: return has("image_encoder.") && has("prompt_encoder.") && has("mask_decoder.")
        case .samEncoder: return has("neck.0.weight") || has("image_encoder.")
        case .tinyViT: return has("patch_embed.seq.0.c.weight")
        case .yolo: return has("model.0.conv.") || has("backbone.stem.conv") || has("model.model.0.")
        case .clip: return has("visual.") || has("text_model.") || has("logit_scale")
        case .dino: return has("mask_token") || has("student.") || has("teacher.")
        case .vit: return has("cls_token") || has("blocks.0.attn.qkv") || has("vit.")
        case .resNet: return has("layer1.0.conv1.") || has("backbone.layer1.") || has("backbone.body.layer1.")
        }
    }

    /// Why it cannot be imported.
    var refusal: String {
        let accepted = "SAM ViT-B, ViT-L, ViT-H and other sizes, and MobileSAM, can be imported"
        return switch self {
        case .adapter: "holds lora_* keys only, so it is an SPT adapter: give the SAM it was trained on as the source, and this with --adapter"
        case .sam2: "looks like SAM 2, another architecture (hierarchical encoder, memory); \(accepted)"
        case .samHQ: "looks like HQ-SAM, whose decoder has parts that SAM's has not; \(accepted)"
        case .efficientSAM: "looks like EfficientSAM, whose encoder and decoder are others than SAM's; \(accepted)"
        case .huggingFace: "looks like a model of the Hugging Face library, with keys of its own; Meta's original file (sam_vit_*.pth) can be imported"
        case .sam: "is a SAM"
        case .samEncoder: "looks like SAM's image encoder alone; a whole SAM (image_encoder.*, prompt_encoder.*, mask_decoder.*) is expected"
        case .tinyViT: "looks like a TinyViT classifier, without prompt encoder and mask decoder; MobileSAM (mobile_sam.pt) can be imported"
        case .yolo: "looks like a YOLO detector; \(accepted)"
        case .clip: "looks like CLIP, a model of pictures and text; \(accepted)"
        case .dino: "looks like DINO, an encoder without decoders; \(accepted)"
        case .vit: "looks like a plain vision transformer, without prompt encoder and mask decoder; \(accepted)"
        case .resNet: "looks like a ResNet; \(accepted)"
        }
    }
}
