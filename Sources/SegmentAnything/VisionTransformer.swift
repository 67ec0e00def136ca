import Tensor

/// SAM's image encoder (`ImageEncoderViT` of segment-anything): patches, blocks with windowed or global attention and
/// decomposed relative positions, and a neck of two convolutions.
public struct VisionTransformer: ImageEncoder {
    let grid: Int
    let patchEmbed: Convolution
    let positions: Tensor
    let blocks: [VisionTransformerBlock]
    let neck1: Linear
    let neckNorm1: LayerNorm
    let neck2: Convolution
    let neckNorm2: LayerNorm

    public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        let configuration = checkpoint.configuration, prefix = "image_encoder."
        guard let width = configuration.embedDim, let depth = configuration.depth, let heads = configuration.numHeads,
            let window = configuration.windowSize, let global = configuration.globalAttnIndexes
        else {
            throw CheckpointError(
                file: checkpoint.base.path,
                problem: "`config` of a vit needs embed_dim, depth, num_heads, window_size and global_attn_indexes")
        }
        let grid = configuration.gridSize, out = configuration.transformerDim
        self.grid = grid
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
        neck1 = Linear(weight: try checkpoint.tensor(prefix + "neck.0.weight", out, width, 1, 1), bias: nil)
        neckNorm1 = try checkpoint.norm(prefix + "neck.1", out, epsilon: 1e-6)
        neck2 = try checkpoint.convolution(prefix + "neck.2", in: out, out: out, kernel: 3, padding: 1, bias: false)
        neckNorm2 = try checkpoint.norm(prefix + "neck.3", out, epsilon: 1e-6)
    }

    public func callAsFunction(_ input: Tensor, into embedding: Tensor, in workspace: Workspace) {
        workspace.scope {
            let x = workspace.tensor(grid * grid, positions.columns)
            embedPatches(input, into: x, in: workspace)
            for block in blocks { block(x, in: workspace) }
            let narrow = workspace.tensor(x.rows, embedding.columns)
            workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
                let tile = narrow.pointer + rows.lowerBound * narrow.columns
                neck1(x.pointer + rows.lowerBound * x.columns, rows: rows.count, into: tile)
                neckNorm1(tile, rows: rows.count)
            }
            neck2(narrow, height: grid, width: grid, into: embedding, in: workspace) { tile, rows in
                neckNorm2(tile, rows: rows.count)
            }
        }
    }

    /// Patches of the normalised input plus the absolute position embedding: `grid² × width`.
    func embedPatches(_ input: Tensor, into x: Tensor, in workspace: Workspace) {
        let side = grid * patchEmbed.stride
        patchEmbed(input, height: side, width: side, into: x, in: workspace) { tile, rows in
            add(tile, positions.pointer + rows.lowerBound * x.columns, into: tile, count: rows.count * x.columns)
        }
    }

    public var products: [ProductSize] {
        let tokens = grid * grid
        return [patchEmbed.linear.size(rows: tokens)] + blocks.flatMap { $0.products } + [neck1.size(rows: tokens), neck2.linear.size(rows: tokens)]
    }
}
