import SegmentAnything

/// Which weights are tuned.
public enum TuningMethod: String, Sendable, Codable, CaseIterable {
    /// LoRA on q and v of every attention of a vision transformer and of both decoders, and the VRA-Adapters.
    case spt
    /// LoRA alone.
    case lora
    /// All of the decoders; the encoder and the prompt encoder stay.
    case decoder
    /// The second pass alone: its decoder, and the way the draft takes into it. What a model drafts stays as it is.
    case refine
    /// Everything but the random frequencies of positions and the estimate of the IoU.
    case full

    /// Whether the result is an adapter of `lora_*` keys; else it is a whole model.
    public var makesAdapter: Bool { self == .spt || self == .lora }
}

/// A method with its own settings; the defaults are the SPT paper's.
public struct TuningTarget: Sendable, Codable, Equatable {
    public enum AdapterPosition: Int, Sendable, Codable, CaseIterable {
        /// At the end of both two-way blocks.
        case both = -1
        case first = 1
        case second = 2
    }

    public var method = TuningMethod.spt
    /// Rank of the low-rank updates.
    public var rank = 8
    public var adapterPosition = AdapterPosition.both
    /// What every channel of a new VRA-Adapter's scale starts from.
    public var adapterScale: Float = 0
    /// Threshold of the visual relation (entries up to α/N become zero); nil: the model's own.
    public var alpha: Float?
    /// The refined mask's loss does not reach the draft.
    public var isDraftDetached = true

    public init() {}

    /// What a checkpoint is to be read with.
    ///
    /// - Parameter seed: of what new low-rank updates start from.
    public func plan(seed: UInt64, encoder: ModelConfiguration.Encoder) -> TuningPlan {
        let target = self
        return TuningPlan(
            seed: seed, addsSelfPerception: method == .spt, initialScale: adapterScale, alpha: alpha,
            trains: target.trains,
            rank: { target.rank(of: $0, encoder: encoder) })
    }

    private func trains(_ key: String) -> Bool {
        let isDecoder = key.hasPrefix("mask_decoder.") || key.hasPrefix("draft_decoder.")
        if key.hasSuffix(".lora_sim_scale") {
            switch (method, adapterPosition) {
            case (.lora, _): return false
            case (.refine, _) where !key.hasPrefix("draft_decoder."): return false
            case (_, .both): return true
            case (_, .first): return key.contains("layers.0.")
            case (_, .second): return key.contains("layers.1.")
            }
        }
        if key.contains(".iou_prediction_head.") { return false }
        switch method {
        case .spt, .lora: return false
        case .decoder: return isDecoder
        case .refine: return key.hasPrefix("draft_decoder.") || key.hasPrefix("prompt_encoder.mask_downscaling.")
        case .full: return !key.hasSuffix("positional_encoding_gaussian_matrix")
        }
    }

    private func rank(of module: String, encoder: ModelConfiguration.Encoder) -> Int? {
        guard method.makesAdapter else { return nil }
        if module.hasPrefix("image_encoder.") { return encoder == .vit && module.hasSuffix("attn.qkv") ? rank : nil }
        let isProjection = module.hasSuffix(".q_proj") || module.hasSuffix(".v_proj")
        return isProjection && (module.hasPrefix("mask_decoder.") || module.hasPrefix("draft_decoder.")) ? rank : nil
    }
}
