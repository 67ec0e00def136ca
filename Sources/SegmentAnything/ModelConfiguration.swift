import Foundation

/// The description of a model in its file's metadata (`config`, JSON): every size comes from here.
public struct ModelConfiguration: Sendable, Codable, Equatable {
    public enum Encoder: String, Sendable, Codable {
        /// SAM's vision transformer.
        case vit
        /// EfficientNet-Lite0 with a small feature pyramid: the encoder of nano.
        case lite0
        /// TinyViT, MobileSAM's encoder: convolutions first, then windowed attention at shrinking resolution.
        case tinyvit
    }

    public enum Resize: String, Sendable, Codable {
        /// Width and height are each stretched to `imageSize`.
        case stretch
        /// SAM's own preprocessing: the longest side becomes `imageSize`, the rest of the square is padding (zeros after
        /// normalisation, at right and bottom). See ``InputLayout``.
        case longestSide = "longest_side"
    }

    public var encoder: Encoder
    public var imageSize: Int
    public var resize: Resize
    /// Whether stretched pixels are truncated to bytes, as SPT's published evaluation does. Of no meaning for
    /// `longest_side`, whose pixels are bytes anyway.
    public var truncateInput: Bool
    public var pixelMean: [Float]
    public var pixelStd: [Float]

    /// Pixels of the input per token of the embedding.
    public var embeddingStride: Int
    /// Channels of the image embedding and of the decoders.
    public var transformerDim: Int

    // The vision transformer's own sizes; nil for other encoders.
    public var embedDim: Int?
    public var depth: Int?
    public var numHeads: Int?
    public var globalAttnIndexes: [Int]?
    public var windowSize: Int?

    // TinyViT's own sizes, one value a stage (the first stage has neither heads nor windows); nil for other encoders.
    public var embedDims: [Int]?
    public var depths: [Int]?
    public var heads: [Int]?
    public var windowSizes: [Int]?
    /// Hidden channels of a TinyViT block's perceptron per channel of the block.
    public var mlpRatio: Int?

    public var decoderDepth: Int
    public var decoderHeads: Int
    public var decoderMlpDim: Int
    public var iouHeadDepth: Int
    public var iouHeadHiddenDim: Int
    public var numMultimaskOutputs: Int
    public var maskInChans: Int
    /// α of the visual relation's threshold; 0 leaves the relation as it is.
    public var vattAlpha: Float
    public var loraRank: Int?

    enum CodingKeys: String, CodingKey {
        case encoder, resize, depth, depths, heads
        case imageSize = "image_size"
        case truncateInput = "truncate_input"
        case pixelMean = "pixel_mean"
        case pixelStd = "pixel_std"
        case embeddingStride = "embedding_stride"
        case patchSize = "patch_size"
        case transformerDim = "transformer_dim"
        case outChans = "out_chans"
        case embedDim = "embed_dim"
        case numHeads = "num_heads"
        case globalAttnIndexes = "global_attn_indexes"
        case windowSize = "window_size"
        case embedDims = "embed_dims"
        case windowSizes = "window_sizes"
        case mlpRatio = "mlp_ratio"
        case decoderDepth = "decoder_depth"
        case decoderHeads = "decoder_heads"
        case decoderMlpDim = "decoder_mlp_dim"
        case iouHeadDepth = "iou_head_depth"
        case iouHeadHiddenDim = "iou_head_hidden_dim"
        case numMultimaskOutputs = "num_multimask_outputs"
        case maskInChans = "mask_in_chans"
        case vattAlpha = "vatt_alpha"
        case loraRank = "lora_rank"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        encoder = try values.decodeIfPresent(Encoder.self, forKey: .encoder) ?? .vit
        imageSize = try values.decode(Int.self, forKey: .imageSize)
        resize = try values.decodeIfPresent(Resize.self, forKey: .resize) ?? .stretch
        truncateInput = try values.decodeIfPresent(Bool.self, forKey: .truncateInput) ?? (encoder != .lite0)
        pixelMean = try values.decodeIfPresent([Float].self, forKey: .pixelMean) ?? [123.675, 116.28, 103.53]
        pixelStd = try values.decodeIfPresent([Float].self, forKey: .pixelStd) ?? [58.395, 57.12, 57.375]
        embeddingStride = try values.decodeIfPresent(Int.self, forKey: .embeddingStride)
            ?? values.decodeIfPresent(Int.self, forKey: .patchSize) ?? 16
        transformerDim = try values.decodeIfPresent(Int.self, forKey: .transformerDim)
            ?? values.decode(Int.self, forKey: .outChans)
        embedDim = try values.decodeIfPresent(Int.self, forKey: .embedDim)
        depth = try values.decodeIfPresent(Int.self, forKey: .depth)
        numHeads = try values.decodeIfPresent(Int.self, forKey: .numHeads)
        globalAttnIndexes = try values.decodeIfPresent([Int].self, forKey: .globalAttnIndexes)
        windowSize = try values.decodeIfPresent(Int.self, forKey: .windowSize)
        embedDims = try values.decodeIfPresent([Int].self, forKey: .embedDims)
        depths = try values.decodeIfPresent([Int].self, forKey: .depths)
        heads = try values.decodeIfPresent([Int].self, forKey: .heads)
        windowSizes = try values.decodeIfPresent([Int].self, forKey: .windowSizes)
        mlpRatio = try values.decodeIfPresent(Double.self, forKey: .mlpRatio).map { ratio in
            // The published code has it as a fraction: 4.0.
            guard let whole = Int(exactly: ratio) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .mlpRatio, in: values, debugDescription: "\(ratio) is no whole number")
            }
            return whole
        }
        decoderDepth = try values.decodeIfPresent(Int.self, forKey: .decoderDepth) ?? 2
        decoderHeads = try values.decodeIfPresent(Int.self, forKey: .decoderHeads) ?? 8
        decoderMlpDim = try values.decodeIfPresent(Int.self, forKey: .decoderMlpDim) ?? 2048
        iouHeadDepth = try values.decodeIfPresent(Int.self, forKey: .iouHeadDepth) ?? 3
        iouHeadHiddenDim = try values.decodeIfPresent(Int.self, forKey: .iouHeadHiddenDim) ?? 256
        numMultimaskOutputs = try values.decodeIfPresent(Int.self, forKey: .numMultimaskOutputs) ?? 3
        maskInChans = try values.decodeIfPresent(Int.self, forKey: .maskInChans) ?? 16
        vattAlpha = try values.decodeIfPresent(Float.self, forKey: .vattAlpha) ?? 0
        loraRank = try values.decodeIfPresent(Int.self, forKey: .loraRank)
    }

    public func encode(to encoder: any Swift.Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(self.encoder, forKey: .encoder)
        try values.encode(imageSize, forKey: .imageSize)
        try values.encode(resize, forKey: .resize)
        try values.encode(truncateInput, forKey: .truncateInput)
        try values.encode(pixelMean, forKey: .pixelMean)
        try values.encode(pixelStd, forKey: .pixelStd)
        try values.encode(embeddingStride, forKey: .embeddingStride)
        try values.encode(transformerDim, forKey: .transformerDim)
        try values.encodeIfPresent(embedDim, forKey: .embedDim)
        try values.encodeIfPresent(depth, forKey: .depth)
        try values.encodeIfPresent(numHeads, forKey: .numHeads)
        try values.encodeIfPresent(globalAttnIndexes, forKey: .globalAttnIndexes)
        try values.encodeIfPresent(windowSize, forKey: .windowSize)
        try values.encodeIfPresent(embedDims, forKey: .embedDims)
        try values.encodeIfPresent(depths, forKey: .depths)
        try values.encodeIfPresent(heads, forKey: .heads)
        try values.encodeIfPresent(windowSizes, forKey: .windowSizes)
        try values.encodeIfPresent(mlpRatio, forKey: .mlpRatio)
        try values.encode(decoderDepth, forKey: .decoderDepth)
        try values.encode(decoderHeads, forKey: .decoderHeads)
        try values.encode(decoderMlpDim, forKey: .decoderMlpDim)
        try values.encode(iouHeadDepth, forKey: .iouHeadDepth)
        try values.encode(iouHeadHiddenDim, forKey: .iouHeadHiddenDim)
        try values.encode(numMultimaskOutputs, forKey: .numMultimaskOutputs)
        try values.encode(maskInChans, forKey: .maskInChans)
        try values.encode(vattAlpha, forKey: .vattAlpha)
        try values.encodeIfPresent(loraRank, forKey: .loraRank)
    }

    /// Reads and checks the `config` of a file.
    public init(of file: SafeTensorsFile) throws(CheckpointError) {
        guard let text = file.metadata["config"] else {
            if !file.entries.isEmpty, file.entries.keys.allSatisfy({ $0.contains("lora_") }) {
                let base = file.metadata[AdapterBase.nameKey].map { " of \($0)" } ?? ""
                throw CheckpointError(file: file.path, problem: "is an adapter\(base), not a model; give it as --adapter, with its base as the model")
            }
            throw CheckpointError(
                file: file.path,
                problem: "its metadata has no `config`, so the architecture is unknown; `flawd model import` finds it out and writes it")
        }
        try self.init(json: Data(text.utf8), file: file.path)
    }

    /// Decodes and checks a `config`; `file` is named in errors.
    init(json: Data, file: String) throws(CheckpointError) {
        do {
            self = try JSONDecoder().decode(ModelConfiguration.self, from: json)
        } catch {
            throw CheckpointError(file: file, problem: "`config` cannot be read: \(Self.reason(error))")
        }
        if let problem = inconsistency() { throw CheckpointError(file: file, problem: "`config`: \(problem)") }
    }

    /// Tokens on one side of the embedding.
    public var gridSize: Int { imageSize / embeddingStride }
    /// Pixels on one side of a low-resolution mask.
    public var maskSize: Int { 4 * gridSize }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        default: "\(error)"
        }
    }

    /// Whether pixels can be normalised so.
    var hasSoundPixels: Bool {
        pixelMean.count == 3 && pixelStd.count == 3 && (pixelMean + pixelStd).allSatisfy(\.isFinite) && pixelStd.allSatisfy { $0 > 0 }
    }

    private func inconsistency() -> String? {
        func outside(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) -> String? {
            guard let value else { return "\(name) is missing" }
            return range.contains(value) ? nil : "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) is possible"
        }
        let bounds = [
            outside("image_size", imageSize, 32...4096), outside("embedding_stride", embeddingStride, 1...64),
            outside("transformer_dim", transformerDim, 8...4096), outside("decoder_depth", decoderDepth, 1...16),
            outside("decoder_heads", decoderHeads, 1...64), outside("decoder_mlp_dim", decoderMlpDim, 1...65536),
            outside("iou_head_depth", iouHeadDepth, 1...8), outside("iou_head_hidden_dim", iouHeadHiddenDim, 1...4096),
            outside("num_multimask_outputs", numMultimaskOutputs, 0...16), outside("mask_in_chans", maskInChans, 4...1024),
        ]
        if let problem = bounds.compactMap({ $0 }).first { return problem }
        // R and a decoder's buffers grow with the square of the tokens.
        if gridSize > 128 { return "image_size \(imageSize) makes \(gridSize)×\(gridSize) tokens; at most 128×128 are possible" }
        if imageSize % embeddingStride != 0 { return "image_size \(imageSize) is no multiple of embedding_stride \(embeddingStride)" }
        if transformerDim % 8 != 0 || (transformerDim / 2) % decoderHeads != 0 {
            return "transformer_dim \(transformerDim) does not divide by 8 and by twice decoder_heads \(decoderHeads)"
        }
        if resize == .longestSide, embeddingStride < 4 {
            return "resize is longest_side, which needs an embedding_stride of 4 or more, not \(embeddingStride)"
        }
        if maskInChans % 4 != 0 { return "mask_in_chans \(maskInChans) is no multiple of 4" }
        if !hasSoundPixels {
            return "pixel_mean and pixel_std are three numbers each, the latter above 0"
        }
        if !(0...1e6).contains(vattAlpha) { return "vatt_alpha is \(vattAlpha); 0 or more is possible" }
        switch encoder {
        case .vit:
            let sizes = [
                outside("embed_dim", embedDim, 1...16384), outside("depth", depth, 1...256),
                outside("num_heads", numHeads, 1...256), outside("window_size", windowSize, 0...64),
            ]
            if let problem = sizes.compactMap({ $0 }).first { return problem }
            if let embedDim, let numHeads, embedDim % numHeads != 0 {
                return "embed_dim \(embedDim) does not divide by num_heads \(numHeads)"
            }
        case .lite0:
            if embeddingStride != 16 || imageSize % 32 != 0 {
                return "lite0 has embedding_stride 16 and an image_size that is a multiple of 32"
            }
        case .tinyvit:
            return tinyViTInconsistency()
        }
        return nil
    }
}
