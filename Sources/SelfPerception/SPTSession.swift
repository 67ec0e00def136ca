import Imaging
import SegmentAnything
import Tensor

/// One worker's view of a model: the buffers of a forward pass and the picture that is on display.
///
/// Not thread-safe: each worker owns its session.
public final class SPTSession {
    /// The model that answers; ``use(_:)`` changes it.
    public private(set) var model: SPTModel
    private let workspace: Workspace
    private let embedding: Tensor
    /// There once a model with a visual relation was used.
    private var relation: VisualRelation?
    private var displayed: DisplayGeometry?
    private var buffers: [Buffers]
    private var current = 0

    /// What depends on how pictures become the model's input.
    private struct Buffers {
        let configuration: ModelConfiguration
        let processor: ImageProcessor
        var answers: [Perception] = []
        var candidates: [MaskCandidate] = []

        init(_ configuration: ModelConfiguration) {
            self.configuration = configuration
            processor = ImageProcessor(configuration)
        }
    }

    /// - Parameter threads: how many cores one forward pass uses; results do not depend on it.
    public init(model: SPTModel, threads: Int) {
        self.model = model
        workspace = Workspace(threads: threads)
        buffers = [Buffers(model.configuration)]
        let tokens = model.configuration.gridSize * model.configuration.gridSize
        embedding = Tensor(rows: tokens, columns: model.configuration.transformerDim)
        use(model)
    }

    /// Lets another model answer from the next ``display(_:rect:)`` on, in the same memory.
    ///
    /// - Precondition: the model is of the same base: another adapter, or none.
    public func use(_ model: SPTModel) {
        guard model !== self.model || displayed == nil else { return }
        precondition(
            model.configuration.gridSize * model.configuration.gridSize == embedding.rows
                && model.configuration.transformerDim == embedding.columns)
        self.model = model
        displayed = nil
        if let known = buffers.firstIndex(where: { $0.configuration == model.configuration }) {
            current = known
        } else {
            buffers.append(Buffers(model.configuration))
            current = buffers.count - 1
        }
        if model.passes.usesRelation, relation == nil {
            relation = VisualRelation(tokens: embedding.rows, channels: embedding.columns)
        }
    }

    /// Bytes held for activations; they grow during the first frames and not after.
    public var plannedBytes: Int { workspace.plannedBytes }

    /// Encodes a rectangle of an image and builds its visual relation. Every later `ask` is about this picture.
    ///
    /// - Precondition: `rect` lies inside the image and is not empty.
    public func display(_ image: RGBImage, rect: PixelRect) {
        let size = model.configuration.imageSize
        displayed = model.configuration.layout.geometry(of: rect.size)
        workspace.pass {
            workspace.scope {
                let input = workspace.tensor(size * size, 3)
                buffers[current].processor(image, rect: rect, into: input, in: workspace)
                model.encoder(input, into: embedding, in: workspace)
            }
            if model.passes.usesRelation {
                relation?.update(embedding: embedding, alpha: model.configuration.vattAlpha, in: workspace)
            }
        }
    }

    /// Drafts and refines each prompt, as far as the model refines. Coordinates are pixels of the displayed rectangle (its corner is 0, 0).
    /// The answers are overwritten by the next call.
    ///
    /// - Precondition: something is on display.
    public func ask(_ prompts: [Prompt]) -> [Perception] {
        guard let displayed else { preconditionFailure("display a picture before asking about it") }
        while buffers[current].answers.count < prompts.count { buffers[current].answers.append(Perception(model.configuration)) }
        let answers = buffers[current].answers
        workspace.pass {
            for (prompt, answer) in zip(prompts, answers) {
                workspace.scope {
                    let passes = model.passes(displayed.toInput(prompt), embedding: embedding, relation: relation, in: workspace)
                    answer.draft.replace(with: passes.draft.masks)
                    answer.refined.replace(with: passes.refined.masks)
                    answer.draftIoU = passes.draft.iou.pointer[0]
                    answer.refinedIoU = passes.refined.iou.pointer[0]
                }
            }
        }
        return Array(answers.prefix(prompts.count))
    }

    /// Asks for SAM's multimask output of each prompt, and hands over the candidates in the order of their tokens, prompt
    /// by prompt. They are the draft decoder's: SPT refines the single mask only. What `body` keeps is its own copy.
    ///
    /// - Precondition: something is on display.
    public func offer<Problem: Error>(
        _ prompts: [Prompt], _ body: (_ index: Int, _ candidates: [MaskCandidate]) throws(Problem) -> Void
    ) throws(Problem) {
        guard let displayed else { preconditionFailure("display a picture before asking about it") }
        let tokens = 1..<(1 + model.configuration.numMultimaskOutputs)
        if buffers[current].candidates.isEmpty {
            buffers[current].candidates = tokens.map { MaskCandidate(token: $0, predictedIoU: 0, logits: LogitMap(emptyFor: model.configuration)) }
        }
        for (index, prompt) in prompts.enumerated() {
            workspace.pass {
                workspace.scope {
                    let draft = model.passes.draft(
                        displayed.toInput(prompt), embedding: embedding, relation: relation, masks: tokens, in: workspace).output
                    for (row, token) in tokens.enumerated() {
                        buffers[current].candidates[row].logits.replace(with: draft.masks.rows(row..<row + 1))
                        buffers[current].candidates[row].predictedIoU = draft.iou.pointer[token]
                    }
                }
            }
            try body(index, buffers[current].candidates)
        }
    }
}
