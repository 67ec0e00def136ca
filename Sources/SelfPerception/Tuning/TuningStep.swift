import Imaging
import SegmentAnything
import Tensor

/// Forward and back again: the loss of one picture and one prompt, and the gradient of every trained weight.
///
/// The passes are those of ``SPTSession``: the same layers, the same numbers. Not thread-safe.
public final class TuningStep {
    public let model: SPTModel
    public let parameters: ParameterSet
    let workspace: Workspace
    private let tape: Tape
    private let isDraftDetached: Bool
    private let tunesEncoder: Bool
    private let relation: VisualRelation?
    private let embedding: Tensor

    /// - Parameters:
    ///   - model: read with `plan`.
    ///   - threads: how many cores one step uses; results do not depend on it.
    public init(model: SPTModel, plan: TuningPlan, target: TuningTarget, threads: Int) {
        self.model = model
        parameters = plan.parameters
        workspace = Workspace(threads: threads)
        tape = Tape(plan.parameters)
        isDraftDetached = target.isDraftDetached
        tunesEncoder = plan.parameters.trainable.contains { $0.name.hasPrefix("image_encoder.") }
        let configuration = model.configuration, tokens = configuration.gridSize * configuration.gridSize
        embedding = Tensor(rows: tokens, columns: configuration.transformerDim)
        relation = model.passes.usesRelation ? VisualRelation(tokens: tokens, channels: configuration.transformerDim) : nil
    }

    /// Whether the encoder has a part in the tuning; if not, an embedding may be kept from one step to another.
    public var needsPicture: Bool { tunesEncoder }

    /// Bytes held for activations, kept and shadowed.
    public var plannedBytes: Int { workspace.plannedBytes + tape.bytes }

    public struct Losses: Sendable, Equatable {
        public var draft: MaskLoss
        /// What the draft's loss counts in the total.
        public var draftWeight = 1.0
        public var refined: MaskLoss
        /// Of the region's score, weighted.
        public var score = 0.0
        /// Of the whole refined mask's overlap with the truth, weighted.
        public var overlap = 0.0
        /// Of the refined mask and the truth, at the mask's own resolution; nil where there is nothing to find.
        public var iou: Double?

        public var total: Double { draftWeight * draft.total + refined.total + score + overlap }
    }

    /// How much the parts of the loss count beside the refined mask's at sampled points, which is 1.
    public struct Weights: Sendable {
        /// Of the draft's; 0: the first pass gets no gradient of its own. Where a model has that pass alone it counts as 1.
        public var draft: Float
        /// Of the whole refined mask's overlap with the truth; 0: as published, sampled points alone.
        public var overlap: Float

        public init(draft: Float = 1, overlap: Float = 0) {
            self.draft = draft
            self.overlap = overlap
        }
    }

    /// A region whose score is to be what a perfect mask's is.
    public struct ScoredRegion: Sendable {
        /// In pixels of the model's input.
        public var box: Prompt.Box
        /// Of the score's loss beside those of the masks.
        public var weight: Float

        public init(box: Prompt.Box, weight: Float) {
            self.box = box
            self.weight = weight
        }
    }

    /// What the image encoder sees, or has seen.
    public enum Picture {
        /// Normalised, `imageSize² × 3`.
        case input(Tensor)
        /// `gridSize² × transformerDim`; only where the encoder is not tuned.
        case embedding(Tensor)
    }

    /// The image embedding of an input, for a cache; only meaningful where the encoder is not tuned.
    public func embed(_ input: Tensor, into embedding: Tensor) {
        workspace.pass { model.encoder(input, into: embedding, in: workspace) }
    }

    /// Adds the gradients of one picture's loss to those of the parameters.
    ///
    /// - Parameters:
    ///   - prompt: in pixels of the model's input.
    ///   - truth: of the model's input.
    ///   - region: whose score counts, too; nil: as published, masks alone.
    ///   - isDraftHidden: the second pass does without the draft: see ``TuningSettings/hiddenDraftShare``.
    ///   - points: where the loss looks, given a map of logits.
    public func callAsFunction(
        _ picture: Picture, prompt: Prompt, truth: TruthMap, region: ScoredRegion? = nil, weights: Weights = Weights(), isDraftHidden: Bool = false,
        points: (_ logits: UnsafePointer<Float>, _ size: PixelSize) -> [SamplePoint]
    ) -> Losses {
        let configuration = model.configuration, size = PixelSize(width: configuration.maskSize, height: configuration.maskSize)
        var losses = Losses(draft: MaskLoss(), refined: MaskLoss())
        workspace.pass {
            workspace.scope {
                workspace.tape = tunesEncoder ? tape : nil
                switch picture {
                case .input(let input): model.encoder(input, into: embedding, in: workspace)
                case .embedding(let known): embedding.copy(from: known)
                }
                relation?.update(embedding: embedding, alpha: configuration.vattAlpha, in: workspace)
                workspace.tape = tape
                let draftWeight = model.hasRefinement ? weights.draft : 1
                let passes = model.passes(
                    prompt, embedding: embedding, relation: relation, isDraftDetached: isDraftDetached,
                    isDraftTuned: draftWeight > 0 || !isDraftDetached, isDraftHidden: isDraftHidden, in: workspace)
                losses.draft = loss(passes.draft, size, truth, points, weight: draftWeight)
                losses.draftWeight = Double(draftWeight)
                losses.refined = model.hasRefinement ? loss(passes.refined, size, truth, points, weight: 1) : losses.draft
                let refined = model.hasRefinement ? passes.refined.masks : passes.draft.masks
                if weights.overlap > 0 {
                    losses.overlap = Double(weights.overlap) * OverlapLoss(size: size, truth: truth)(
                        refined.pointer, size: size, weight: weights.overlap, gradient: tape.gradient(of: refined).pointer)
                }
                losses.iou = truth.iou(of: refined.pointer, size: size)
                if let region {
                    losses.score = Double(region.weight) * ScoreLoss(size: size, region: region.box, truth: truth)(
                        refined.pointer, weight: region.weight, gradient: tape.gradient(of: refined).pointer)
                }
                tape.backward(in: workspace)
                workspace.tape = nil
            }
        }
        return losses
    }

    private func loss(
        _ output: MaskDecoder.Output, _ size: PixelSize, _ truth: TruthMap, _ points: (UnsafePointer<Float>, PixelSize) -> [SamplePoint],
        weight: Float
    ) -> MaskLoss {
        let logits = output.masks.pointer
        return MaskLoss(
            logits: logits, size: size, truth: truth, points: points(logits, size), weight: weight,
            gradient: weight > 0 ? tape.gradient(of: output.masks).pointer : nil)
    }
}
