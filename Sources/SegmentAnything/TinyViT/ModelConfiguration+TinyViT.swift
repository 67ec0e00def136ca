/// What the configuration says of one TinyViT stage.
struct TinyViTStage: Sendable, Equatable {
    /// Tokens on one side of the stage's picture.
    var side: Int
    var width: Int
    var depth: Int
    var heads: Int
    /// Side of an attention window in tokens.
    var window: Int
    /// Stride of the merging that leads to the next stage; nil for the last.
    var mergeStride: Int?
}

extension ModelConfiguration {
    /// Pixels per token of the first stage: the stem has two convolutions of stride 2.
    static let tinyViTStemStride = 4

    /// The stages, once the configuration is known to be consistent.
    ///
    /// The stem leaves stride 4 and each merging halves the picture until the embedding's stride is reached; mergings
    /// after that keep it. MobileSAM's last merging is of this kind: 4, 8, 16, 16.
    func tinyViTStages() -> [TinyViTStage] {
        guard let embedDims, let depths, let heads, let windowSizes else { return [] }
        var stride = Self.tinyViTStemStride
        return embedDims.indices.map { index in
            let here = stride, isLast = index == embedDims.count - 1
            if !isLast, stride < embeddingStride { stride *= 2 }
            return TinyViTStage(
                side: imageSize / here, width: embedDims[index], depth: depths[index], heads: heads[index],
                window: windowSizes[index], mergeStride: isLast ? nil : stride / here)
        }
    }

    /// What is wrong with TinyViT's sizes. The common sizes have been checked before.
    func tinyViTInconsistency() -> String? {
        guard let embedDims, let depths, let heads, let windowSizes, let mlpRatio else {
            return "a tinyvit needs embed_dims, depths, heads, window_sizes and mlp_ratio"
        }
        let lists: [(name: String, values: [Int], range: ClosedRange<Int>)] = [
            ("embed_dims", embedDims, 8...1024), ("depths", depths, 1...64), ("heads", heads, 1...128),
            ("window_sizes", windowSizes, 1...64),
        ]
        guard (1...8).contains(embedDims.count), lists.allSatisfy({ $0.values.count == embedDims.count }) else {
            let counts = lists.map { "\($0.name) has \($0.values.count)" }.joined(separator: ", ")
            return "a tinyvit has 1 to 8 stages and a value a stage in each list, but \(counts)"
        }
        for (name, values, range) in lists {
            if let wrong = values.first(where: { !range.contains($0) }) {
                return "\(name) holds \(wrong); \(range.lowerBound) to \(range.upperBound) is possible"
            }
        }
        if !(1...16).contains(mlpRatio) { return "mlp_ratio is \(mlpRatio); 1 to 16 is possible" }
        if let wrong = embedDims.first(where: { $0 % 8 != 0 }) { return "embed_dims holds \(wrong), which is no multiple of 8" }
        if let stage = embedDims.indices.dropFirst().first(where: { embedDims[$0] % heads[$0] != 0 }) {
            return "stage \(stage): embed_dims \(embedDims[stage]) does not divide by heads \(heads[stage])"
        }
        let stages = tinyViTStages(), mergings = embedDims.count - 1
        if stages.last.map({ $0.side * embeddingStride }) != imageSize {
            return "embedding_stride is \(embeddingStride); a tinyvit with \(mergings) mergings can have "
                + (0...mergings).map { "\(Self.tinyViTStemStride << $0)" }.joined(separator: ", ")
        }
        // Larger pictures are no model anybody trained, only a way to run out of memory.
        let most = 1 << 26
        if let stage = stages.firstIndex(where: { $0.side * $0.side * $0.width > most }) {
            return "stage \(stage) has \(stages[stage].side)×\(stages[stage].side) tokens of \(stages[stage].width) channels; at most \(most) values are possible"
        }
        return nil
    }
}
