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
    /// Of as many tokens as were last shown of a part of a picture.
    private var partRelation: (tokens: Int, relation: VisualRelation)?
    private var displayed: Display?
    private var buffers: [Buffers]
    private var current = 0

    /// What the decoders are asked about.
    private struct Display {
        let geometry: DisplayGeometry
        /// nil: all.
        let tokens: TokenSet?
        /// As many rows as there are tokens.
        let embedding: Tensor
        let relation: VisualRelation?
    }

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
    /// - Parameter isNeeded: which rectangles of `rect`, in its own pixels, hold anything that will be asked about. Where the
    ///   model can, only the windows that are needed are encoded and known to the decoders; masks are empty elsewhere.
    /// - Precondition: `rect` lies inside the image and is not empty.
    public func display(_ image: RGBImage, rect: PixelRect, where isNeeded: ((PixelRect) -> Bool)? = nil) {
        let size = model.configuration.imageSize, geometry = model.configuration.layout.geometry(of: rect.size)
        let tokens = isNeeded.flatMap { model.tokens(of: rect.size, where: $0) }
        let shown = Display(
            geometry: geometry, tokens: tokens, embedding: tokens.map { embedding.rows(0..<$0.count) } ?? embedding,
            relation: model.passes.usesRelation ? relation(of: tokens) : nil)
        displayed = shown
        workspace.pass {
            workspace.scope {
                let input = workspace.tensor(size * size, 3)
                buffers[current].processor(image, rect: rect, into: input, in: workspace)
                if let tokens, let encoder = model.windowedEncoder {
                    encoder(input, tokens: tokens, into: shown.embedding, in: workspace)
                } else {
                    model.encoder(input, into: shown.embedding, in: workspace)
                }
            }
            shown.relation?.update(embedding: shown.embedding, alpha: model.configuration.vattAlpha, in: workspace)
        }
    }

    private func relation(of tokens: TokenSet?) -> VisualRelation? {
        guard let relation, let count = tokens?.count else { return relation }
        if let known = partRelation, known.tokens == count { return known.relation }
        let made = relation.shrunk(to: count)
        partRelation = (count, made)
        return made
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
                    let passes = model.passes(
                        displayed.geometry.toInput(prompt), embedding: displayed.embedding, relation: displayed.relation,
                        tokens: displayed.tokens, in: workspace)
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
                        displayed.geometry.toInput(prompt), embedding: displayed.embedding, relation: displayed.relation,
                        masks: tokens, tokens: displayed.tokens, in: workspace).output
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
