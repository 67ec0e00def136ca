import Tensor

/// SAM's image encoder (`ImageEncoderViT` of segment-anything): patches, blocks with windowed or global attention and
/// decomposed relative positions, and a neck of two convolutions.
public struct VisionTransformer: ImageEncoder {
    let grid: Int
    let patchEmbed: Convolution
    let positions: Tensor
    let blocks: [VisionTransformerBlock]
    public let windows: WindowGrid
    let neck: EncoderNeck

    public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        let configuration = checkpoint.configuration, prefix = "image_encoder."
        guard let width = configuration.embedDim, let depth = configuration.depth, let heads = configuration.numHeads,
            let window = configuration.windowSize, let global = configuration.globalAttnIndexes
        else {
            throw CheckpointError(
                file: checkpoint.base.path,
                problem: "`config` of a vit needs embed_dim, depth, num_heads, window_size and global_attn_indexes")
        }
        let grid = configuration.gridSize
        self.grid = grid
        windows = WindowGrid(side: grid, window: window > 0 && global.count < depth ? min(window, grid) : grid)
        patchEmbed = try checkpoint.convolution(
            prefix + "patch_embed.proj", in: 3, out: width, kernel: configuration.embeddingStride,
            stride: configuration.embeddingStride)
        positions = try checkpoint.tensor(prefix + "pos_embed", 1, grid, grid, width).reshaped(rows: grid * grid, columns: width)
        var blocks: [VisionTransformerBlock] = []
        for index in 0..<depth {
            blocks.append(
                try VisionTransformerBlock(
                    checkpoint, prefix + "blocks.\(index).", grid: grid, width: width, heads: heads,
                    window: global.contains(index) ? 0 : window))
        }
        self.blocks = blocks
        neck = try EncoderNeck(checkpoint, prefix + "neck.", in: width)
    }

    public func callAsFunction(_ input: Tensor, into embedding: Tensor, in workspace: Workspace) {
        workspace.scope {
            let x = workspace.tensor(grid * grid, positions.columns)
            embedPatches(input, into: x, in: workspace)
            for block in blocks { block(x, in: workspace) }
            neck(x, side: grid, into: embedding, in: workspace)
        }
    }

    /// Patches of the normalised input plus the absolute position embedding: `grid² × width`.
    func embedPatches(_ input: Tensor, into x: Tensor, in workspace: Workspace) {
        let side = grid * patchEmbed.stride
        patchEmbed(input, height: side, width: side, into: x, in: workspace) { tile, rows in
            add(tile, positions.pointer + rows.lowerBound * x.columns, into: tile, count: rows.count * x.columns)
        }
        if let tape = workspace.tape { record(input, x, on: tape) }
    }

    public var products: [ProductSize] {
        let tokens = grid * grid
        return [patchEmbed.linear.size(rows: tokens)] + blocks.flatMap { $0.products } + neck.products(rows: tokens)
    }
}
