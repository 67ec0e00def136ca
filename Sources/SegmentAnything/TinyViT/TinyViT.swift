import Tensor

/// MobileSAM's image encoder: TinyViT (Wu et al., 2022) with SAM's neck (Zhang et al., "Faster Segment Anything", 2023).
///
/// A stem of two convolutions, a stage of inverted residuals, then stages of windowed attention; between two stages a
/// merging changes the width and mostly halves the picture. The keys are the published ones.
public struct TinyViT: ImageEncoder {
    /// LayerNorm's ε in the published code (PyTorch's default).
    static let epsilon: Float = 1e-5
    /// Hidden channels of an inverted residual per channel of the block.
    private static let expansion = 4

    struct Stage: Sendable {
        enum Blocks: Sendable {
            case convolution([InvertedResidual])
            case attention([TinyViTBlock])
        }

        let side: Int
        let blocks: Blocks
        /// Leads to the next stage; nil for the last.
        let merging: InvertedResidual?
    }

    let size: Int
    let stem: TinyViTStem
    let stages: [Stage]
    let neck: EncoderNeck

    public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        let configuration = checkpoint.configuration, prefix = "image_encoder."
        let plan = configuration.tinyViTStages()
        guard let first = plan.first, let last = plan.last, let mlpRatio = configuration.mlpRatio else {
            throw CheckpointError(
                file: checkpoint.base.path,
                problem: "`config` of a tinyvit needs embed_dims, depths, heads, window_sizes and mlp_ratio")
        }
        size = configuration.imageSize
        stem = try TinyViTStem(checkpoint, prefix + "patch_embed.", width: first.width)
        var stages: [Stage] = []
        for (index, stage) in plan.enumerated() {
            let name = prefix + "layers.\(index)."
            let blocks: Stage.Blocks
            if index == 0 {
                var residuals: [InvertedResidual] = []
                for block in 0..<stage.depth {
                    residuals.append(
                        try checkpoint.residual(
                            name + "blocks.\(block).", in: stage.width, hidden: Self.expansion * stage.width,
                            out: stage.width, stride: 1, skips: true))
                }
                blocks = .convolution(residuals)
            } else {
                var transformers: [TinyViTBlock] = []
                for block in 0..<stage.depth {
                    transformers.append(try TinyViTBlock(checkpoint, name + "blocks.\(block).", stage, mlpRatio: mlpRatio))
                }
                blocks = .attention(transformers)
            }
            var merging: InvertedResidual?
            if let stride = stage.mergeStride {
                let out = plan[index + 1].width
                merging = try checkpoint.residual(
                    name + "downsample.", in: stage.width, hidden: out, out: out, stride: stride, skips: false)
            }
            stages.append(Stage(side: stage.side, blocks: blocks, merging: merging))
        }
        self.stages = stages
        neck = try EncoderNeck(checkpoint, prefix + "neck.", in: last.width)
        // The classifier TinyViT was trained with, and what a training run leaves behind.
        checkpoint.disregard { key in
            key.hasPrefix(prefix + "head.") || key.hasPrefix(prefix + "norm_head.")
                || key.hasPrefix(prefix) && (key.hasSuffix(".num_batches_tracked") || key.hasSuffix(".attention_bias_idxs"))
        }
    }

    public func callAsFunction(_ input: Tensor, into embedding: Tensor, in workspace: Workspace) {
        workspace.scope {
            var x = workspace.tensor(stages[0].side * stages[0].side, stem.second.outputs)
            stem(input, size: size, into: x, in: workspace)
            for stage in stages {
                x = stage(x, in: workspace)
                if let merging = stage.merging {
                    let out = merging.outputSize(stage.side), merged = workspace.tensor(out * out, merging.project.outputs)
                    merging(x, size: stage.side, into: merged, in: workspace)
                    x = merged
                }
            }
            neck(x, side: stages[stages.count - 1].side, into: embedding, in: workspace)
        }
    }
}

extension TinyViT.Stage {
    /// The blocks of `side² × width` tokens; x may be overwritten. The result lives as long as the caller's scope.
    func callAsFunction(_ x: Tensor, in workspace: Workspace) -> Tensor {
        switch blocks {
        case .convolution(let residuals):
            var from = x, into = workspace.tensor(x.rows, x.columns)
            for block in residuals {
                block(from, size: side, into: into, in: workspace)
                (from, into) = (into, from)
            }
            return from
        case .attention(let transformers):
            for block in transformers { block(x, in: workspace) }
            return x
        }
    }
}

extension Checkpoint {
    /// TinyViT's inverted residual, or its merging, which is the same without the way around it.
    fileprivate func residual(
        _ name: String, in inputs: Int, hidden: Int, out outputs: Int, stride: Int, skips: Bool
    ) throws(CheckpointError) -> InvertedResidual {
        InvertedResidual(
            source: .pointwise(try foldedPointwise(name + "conv1", in: inputs, out: hidden)),
            depthwise: try foldedDepthwise(name + "conv2", channels: hidden, kernel: 3, stride: stride),
            project: try foldedPointwise(name + "conv3", in: hidden, out: outputs), skips: skips, activation: .gelu,
            lastActivation: skips ? .gelu : .none)
    }
}
