import SegmentAnything
import Tensor

/// SPT's two passes over one prompt: the mask decoder drafts, the draft's logits go back in as a mask prompt, and the
/// refine decoder (`draft_decoder` in published checkpoints) answers.
///
/// A plain SAM was never taught to refine: a file without any `draft_decoder` tensor, LoRA included, has the draft as its
/// only pass, which is the published model's answer.
public struct DraftRefine: Sendable {
    public let promptEncoder: PromptEncoder
    public let draftDecoder: MaskDecoder
    /// nil for a plain SAM.
    public let refineDecoder: MaskDecoder?
    /// `lora_sim_scale` of each block; nil where a checkpoint has none: the block is then SAM's own.
    let draftScales: [Tensor?]
    let refineScales: [Tensor?]

    public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        promptEncoder = try PromptEncoder(checkpoint)
        draftDecoder = try MaskDecoder(checkpoint, prefix: "mask_decoder.")
        draftScales = try Self.scales(checkpoint, "mask_decoder.")
        let refines = checkpoint.holds(prefix: "draft_decoder.") || checkpoint.tuning?.addsSelfPerception == true
        refineDecoder = refines ? try MaskDecoder(checkpoint, prefix: "draft_decoder.") : nil
        refineScales = refines ? try Self.scales(checkpoint, "draft_decoder.") : []
    }

    private static func scales(_ checkpoint: Checkpoint, _ prefix: String) throws(CheckpointError) -> [Tensor?] {
        var scales: [Tensor?] = []
        for index in 0..<checkpoint.configuration.decoderDepth {
            scales.append(
                try checkpoint.optionalTensor(
                    "\(prefix)transformer.layers.\(index).lora_sim_scale", checkpoint.configuration.transformerDim))
        }
        return scales
    }

    /// Whether any block looks at the visual relation.
    var usesRelation: Bool { (draftScales + refineScales).contains { $0 != nil } }

    /// Both passes' outputs, in memory of the workspace's present scope. Without a refine decoder `refined` is the draft.
    public struct Passes {
        public let sparse: Tensor
        public let draft: MaskDecoder.Output
        /// The draft as a dense prompt embedding, `N × C`, or a row for all tokens where it is hidden; nil where nothing refines it.
        public let dense: Tensor?
        public let refined: MaskDecoder.Output
    }

    /// - Parameters:
    ///   - prompt: in pixels of the model's input.
    ///   - embedding: image embedding, `N × C`.
    ///   - relation: of the same image; nil leaves the adapters out.
    ///   - tokens: which tokens of the picture the N are; nil: all. The decoders then know of no others: neither attention
    ///     nor the relation has anything to look at where nothing was encoded, so nothing has to be made up for it.
    ///   - isDraftDetached: while a model is tuned, the refined mask's loss does not reach the draft.
    ///   - isDraftTuned: while a model is tuned, the way back leads through the first pass; where no loss reaches it, that is saved.
    ///   - isDraftHidden: while a model is tuned, the second pass has to do without the draft.
    public func callAsFunction(
        _ prompt: Prompt, embedding: Tensor, relation: VisualRelation?, tokens: TokenSet? = nil, isDraftDetached: Bool = true,
        isDraftTuned: Bool = true, isDraftHidden: Bool = false, in workspace: Workspace
    ) -> Passes {
        let (sparse, draft) = draft(
            prompt, embedding: embedding, relation: relation, masks: 0..<1, tokens: tokens, isTuned: isDraftTuned, in: workspace)
        guard let refineDecoder else { return Passes(sparse: sparse, draft: draft, dense: nil, refined: draft) }
        let dense: Tensor
        if isDraftHidden {
            dense = promptEncoder.noMask
        } else {
            let everywhere = workspace.tensor(promptEncoder.densePositions.rows, embedding.columns)
            promptEncoder.encode(maskLogits: draft.masks, isDetached: isDraftDetached, into: everywhere, in: workspace)
            dense = shown(everywhere, tokens, in: workspace)
        }
        let refined = refineDecoder(
            embedding: embedding, positions: shown(promptEncoder.densePositions, tokens, in: workspace), dense: dense,
            sparse: sparse, tokens: tokens,
            adapter: adapter(refineScales, relation, in: workspace), in: workspace)
        return Passes(sparse: sparse, draft: draft, dense: dense, refined: refined)
    }

    /// The first pass alone, with the mask tokens that are wanted: 0 is the single mask's, the others are the candidates
    /// of SAM's multimask output, which no refine pass knows.
    func draft(
        _ prompt: Prompt, embedding: Tensor, relation: VisualRelation?, masks: Range<Int>, tokens: TokenSet? = nil,
        isTuned: Bool = true, in workspace: Workspace
    ) -> (sparse: Tensor, output: MaskDecoder.Output) {
        let sparse = workspace.tensor(promptEncoder.tokenCount(prompt), embedding.columns)
        promptEncoder.encode(prompt, into: sparse, in: workspace)
        let tape = workspace.tape
        if !isTuned { workspace.tape = nil }
        defer { workspace.tape = tape }
        let output = draftDecoder(
            embedding: embedding, positions: shown(promptEncoder.densePositions, tokens, in: workspace),
            dense: promptEncoder.noMask, sparse: sparse, masks: masks, tokens: tokens,
            adapter: adapter(draftScales, relation, in: workspace), in: workspace)
        return (sparse, output)
    }

    private func shown(_ all: Tensor, _ tokens: TokenSet?, in workspace: Workspace) -> Tensor {
        guard let tokens else { return all }
        let some = workspace.tensor(tokens.count, all.columns)
        tokens.gather(all, into: some, in: workspace)
        return some
    }

    private func adapter(
        _ scales: [Tensor?], _ relation: VisualRelation?, in workspace: Workspace
    ) -> TwoWayTransformer.Adapter {
        { block, image, adapted in
            guard let relation, let scale = scales[block] else { return false }
            relation.adapt(image, scale: scale, into: adapted, in: workspace)
            return true
        }
    }
}
