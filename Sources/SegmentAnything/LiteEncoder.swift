import Tensor

/// nano's image encoder: EfficientNet-Lite0 with a small feature pyramid.
///
/// Batch norms are folded into the convolutions. Taps at strides 8, 16 and 32 are brought to stride 16 and summed,
/// normalised, and mixed by a depthwise and a pointwise convolution.
public struct LiteEncoder: ImageEncoder {
    let size: Int
    let blocks: [InvertedResidual]
    let lateral8: Convolution
    let lateral16: Linear
    let lateral32: Linear
    let norm1: LayerNorm
    let mixDepthwise: DepthwiseConvolution
    let mixPointwise: Linear
    let norm2: LayerNorm

    /// EfficientNet-Lite0's stages: expansion, channels out, repeats, stride of the first, kernel.
    private static let stages = [
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
        (6, 320, 1, 1, 3),
    ]
    private static let stemChannels = 32
    /// The blocks whose outputs feed the pyramid, at strides 8, 16 and 32.
    static let taps = [4, 10, 15]

    public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        let prefix = "image_encoder.", width = checkpoint.configuration.transformerDim
        size = checkpoint.configuration.imageSize
        var blocks: [InvertedResidual] = []
        var channels = Self.stemChannels
        for (expansion, outputs, repeats, firstStride, kernel) in Self.stages {
            for repetition in 0..<repeats {
                let name = "blocks.\(blocks.count).", stride = repetition == 0 ? firstStride : 1
                let hidden = channels * expansion
                // The first block has no expansion of its own; the stem takes its place.
                let source: InvertedResidual.Source = blocks.isEmpty
                    ? .convolution(try checkpoint.convolution(prefix + "stem", in: 3, out: Self.stemChannels, kernel: 3, stride: 2, padding: 1))
                    : .pointwise(try checkpoint.pointwise(prefix + name + "expand", in: channels, out: hidden))
                blocks.append(
                    InvertedResidual(
                        source: source,
                        depthwise: try checkpoint.depthwise(prefix + name + "depthwise", channels: hidden, kernel: kernel, stride: stride),
                        project: try checkpoint.pointwise(prefix + name + "project", in: hidden, out: outputs),
                        skips: stride == 1 && channels == outputs))
                channels = outputs
            }
        }
        self.blocks = blocks
        lateral8 = try checkpoint.convolution(prefix + "lateral8", in: 40, out: width, kernel: 2, stride: 2)
        lateral16 = try checkpoint.pointwise(prefix + "lateral16", in: 112, out: width)
        lateral32 = try checkpoint.pointwise(prefix + "lateral32", in: 320, out: width)
        norm1 = try checkpoint.norm(prefix + "norm1", width, epsilon: 1e-6)
        mixDepthwise = try checkpoint.depthwise(prefix + "mix_depthwise", channels: width, kernel: 3, stride: 1)
        mixPointwise = try checkpoint.pointwise(prefix + "mix_pointwise", in: width, out: width)
        norm2 = try checkpoint.norm(prefix + "norm2", width, epsilon: 1e-6)
    }

    public func callAsFunction(_ input: Tensor, into embedding: Tensor, in workspace: Workspace) {
        workspace.scope {
            var x = input, side = size, tapped: [Tensor] = []
            for (index, block) in blocks.enumerated() {
                let out = block.outputSize(side)
                let y = workspace.tensor(out * out, block.project.outputs)
                block(x, size: side, into: y, in: workspace)
                (x, side) = (y, out)
                if Self.taps.contains(index) { tapped.append(y) }
            }
            let fused = workspace.tensor(embedding.rows, embedding.columns)
            fuse(tapped[0], tapped[1], tapped[2], into: fused, in: workspace)
            mix(fused, into: embedding, in: workspace)
        }
    }

    /// norm1(lateral8(t8) + lateral16(t16) + ↑2 lateral32(t32)), ↑2 being nearest-neighbour enlargement.
    private func fuse(_ t8: Tensor, _ t16: Tensor, _ t32: Tensor, into y: Tensor, in workspace: Workspace) {
        pyramid(t8, t16, t32, into: y, in: workspace) { tile, rows in norm1(tile, rows: rows) }
        if let tape = workspace.tape { recordFusion(t8, t16, t32, y, on: tape) }
    }

    /// The sum of the three levels; `then` gets finished tokens and how many there are.
    func pyramid(
        _ t8: Tensor, _ t16: Tensor, _ t32: Tensor, into y: Tensor, in workspace: Workspace,
        then: (UnsafeMutablePointer<Float>, Int) -> Void
    ) {
        let grid = size / 16, width = y.columns
        workspace.scope {
            let coarse = workspace.tensor(t32.rows, width), middle = workspace.tensor(t16.rows, width)
            lateral32(t32, into: coarse, in: workspace)
            lateral16(t16, into: middle, in: workspace)
            lateral8(t8, height: 2 * grid, width: 2 * grid, into: y, in: workspace) { tile, rows in
                add(tile, middle.pointer + rows.lowerBound * width, into: tile, count: rows.count * width)
                for row in rows {
                    let line = tile + (row - rows.lowerBound) * width
                    let parent = row / grid / 2 * (grid / 2) + row % grid / 2
                    add(line, coarse.pointer + parent * width, into: line, count: width)
                }
                then(tile, rows.count)
            }
        }
    }

    private func mix(_ x: Tensor, into y: Tensor, in workspace: Workspace) {
        let grid = size / 16, width = y.columns, tileRows = max(1, productTileRows / grid)
        workspace.scope {
            let ring = padded(x, in: workspace)
            workspace.parallelRows(grid, tile: tileRows, scratch: tileRows * grid * width) { rows, scratch in
                for row in rows {
                    ring.withWindow(top: row - 1, kernel: 3, height: grid) { window in
                        mixDepthwise.row(window, width: grid, into: scratch + (row - rows.lowerBound) * grid * width)
                    }
                }
                let tile = y.pointer + rows.lowerBound * grid * width, tokens = rows.count * grid
                mixPointwise(scratch, rows: tokens, into: tile)
                norm2(tile, rows: tokens)
            }
        }
        if let tape = workspace.tape { recordMixing(x, y, on: tape) }
    }

    /// The embedding's tokens with the mixing filter's padding.
    func padded(_ x: Tensor, in workspace: Workspace) -> RowRing {
        let grid = size / 16, width = x.columns, padding = mixDepthwise.padding
        let memory = workspace.tensor(RowRing.size(slots: grid, width: grid, channels: width, padding: padding), 1)
        let ring = RowRing(memory.pointer, slots: grid, width: grid, channels: width, padding: padding)
        for row in 0..<grid { ring.row(row).update(from: x.pointer + row * grid * width, count: grid * width) }
        return ring
    }
}
