import Tensor

/// SAM's mask decoder: a two-way transformer, two transposed convolutions and a small network for each mask token.
public struct MaskDecoder: Sendable {
    public let transformer: TwoWayTransformer
    let iouToken: Tensor
    let maskTokens: Tensor
    let upscale1: TransposedConvolution
    let upscaleNorm: LayerNorm
    let upscale2: TransposedConvolution
    let hypernetworks: [[Linear]]
    let iouHead: [Linear]
    let grid: Int

    /// - Parameter prefix: `mask_decoder.` or `draft_decoder.`
    public init(_ checkpoint: Checkpoint, prefix: String) throws(CheckpointError) {
        let configuration = checkpoint.configuration, dim = configuration.transformerDim
        let masks = configuration.numMultimaskOutputs + 1
        func perceptron(_ name: String, _ sizes: [Int]) throws(CheckpointError) -> [Linear] {
            var layers: [Linear] = []
            for index in 0..<(sizes.count - 1) {
                layers.append(
                    try checkpoint.linear("\(prefix)\(name).layers.\(index)", in: sizes[index], out: sizes[index + 1]))
            }
            return layers
        }
        grid = configuration.gridSize
        transformer = try TwoWayTransformer(checkpoint, prefix + "transformer.")
        iouToken = try checkpoint.tensor(prefix + "iou_token.weight", 1, dim)
        maskTokens = try checkpoint.tensor(prefix + "mask_tokens.weight", masks, dim)
        upscale1 = try checkpoint.transposedConvolution(prefix + "output_upscaling.0", in: dim, out: dim / 4)
        upscaleNorm = try checkpoint.norm(prefix + "output_upscaling.1", dim / 4, epsilon: 1e-6)
        upscale2 = try checkpoint.transposedConvolution(prefix + "output_upscaling.3", in: dim / 4, out: dim / 8)
        var hypernetworks: [[Linear]] = []
        for index in 0..<masks { hypernetworks.append(try perceptron("output_hypernetworks_mlps.\(index)", [dim, dim, dim, dim / 8])) }
        self.hypernetworks = hypernetworks
        let hidden = [Int](repeating: configuration.iouHeadHiddenDim, count: configuration.iouHeadDepth - 1)
        iouHead = try perceptron("iou_prediction_head", [dim] + hidden + [masks])
    }

    /// The logit of a mask's cells where nothing was encoded: no mask, beyond doubt, and finite.
    public static let unseenLogit: Float = -100

    /// Tokens that precede the prompts: one for the IoU, one for each mask.
    public var ownTokens: Int { 1 + maskTokens.rows }

    /// What a pass leaves in the workspace's present scope.
    public struct Output {
        /// `(ownTokens + prompts) × C` after the transformer.
        public let tokens: Tensor
        /// `N × C` after the transformer.
        public let image: Tensor
        /// One row a mask: `(4·grid)²` logits, row by row.
        public let masks: Tensor
        /// Estimated IoU of every mask token: `1 × masks`.
        public let iou: Tensor
    }

    /// - Parameters:
    ///   - embedding: image embedding, `N × C`.
    ///   - dense: dense prompt embedding, `N × C`, or one row that stands for all.
    ///   - sparse: sparse prompt embeddings, `prompts × C`.
    ///   - masks: which mask tokens become masks; 0 is the single-mask output.
    ///   - tokens: which tokens of the picture the N are; nil: all.
    public func callAsFunction(
        embedding: Tensor, positions: Tensor, dense: Tensor, sparse: Tensor, masks: Range<Int> = 0..<1, tokens shown: TokenSet? = nil,
        adapter: TwoWayTransformer.Adapter = { _, _, _ in false }, in workspace: Workspace
    ) -> Output {
        let dim = embedding.columns
        let tokens = workspace.tensor(ownTokens + sparse.rows, dim)
        workspace.copy(iouToken, into: tokens.rows(0..<1))
        workspace.copy(maskTokens, into: tokens.rows(1..<ownTokens))
        workspace.copy(sparse, into: tokens.rows(ownTokens..<tokens.rows))
        let image = workspace.tensor(embedding.rows, dim)
        workspace.sum(embedding, dense, into: image)
        let adapted = transformer(tokens: tokens, image: image, positions: positions, adapter: adapter, in: workspace)

        let hyper = workspace.tensor(masks.count, dim / 8), iou = workspace.tensor(1, maskTokens.rows)
        for (row, mask) in masks.enumerated() {
            run(hypernetworks[mask], on: tokens.rows(1 + mask..<2 + mask), into: hyper.rows(row..<row + 1), in: workspace)
        }
        run(iouHead, on: tokens.rows(0..<1), into: iou, in: workspace)
        let logits = workspace.tensor(masks.count, 16 * grid * grid)
        if shown != nil { logits.fill(Self.unseenLogit) }
        upscale(adapted, of: shown, hyper: hyper, into: logits, in: workspace)
        if let tape = workspace.tape {
            precondition(shown == nil, "a model is tuned on whole pictures")
            recordHeads(tokens: tokens, image: adapted, hyper: hyper, masks: masks, logits: logits, on: tape)
        }
        return Output(tokens: tokens, image: adapted, masks: logits, iou: iou)
    }

    private func run(_ layers: [Linear], on x: Tensor, into y: Tensor, in workspace: Workspace) {
        workspace.scope {
            var x = x
            for layer in layers.dropLast() {
                let hidden = workspace.tensor(x.rows, layer.outputs)
                layer(x, activation: .relu, into: hidden)
                x = hidden
            }
            layers.last?(x, into: y)
        }
    }

    /// masks = hyper · gelu(up2(gelu(norm(up1(image))))), tile by tile so that the enlarged picture stays in the cache.
    private func upscale(_ image: Tensor, of shown: TokenSet?, hyper: Tensor, into logits: Tensor, in workspace: Workspace) {
        let dim = image.columns, quarter = upscale1.outputs, eighth = upscale2.outputs, tileRows = 64
        let side = 4 * grid, size = side * side
        workspace.parallelRows(image.rows, tile: tileRows, scratch: tileRows * (4 * quarter + 16 * eighth)) { rows, scratch in
            let first = scratch, second = scratch + 4 * quarter * rows.count
            upscale1(image.pointer + rows.lowerBound * dim, rows: rows.count, into: first)
            upscaleNorm(first, rows: 4 * rows.count)
            finish(first, rows: 4 * rows.count, columns: quarter, stride: quarter, bias: nil, activation: .gelu)
            upscale2(first, rows: 4 * rows.count, activation: .gelu, into: second)
            for index in 0..<(16 * rows.count) {
                let row = rows.lowerBound + index / 16, token = shown.map { Int($0.tokens[row]) } ?? row
                let (x, y) = TransposedConvolution.quadPosition(16 * token + index % 16, levels: 2, width: grid)
                for mask in 0..<hyper.rows {
                    logits.pointer[mask * size + y * side + x] = dot(
                        second + index * eighth, hyper.pointer + mask * eighth, count: eighth)
                }
            }
        }
    }
}
