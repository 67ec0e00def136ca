import Imaging
import SegmentAnything
import Tensor

/// One worker's view of a model: the buffers of a forward pass and the picture that is on display.
///
/// Not thread-safe: each worker owns its session.
public final class SPTSession {
    public let model: SPTModel
    private let workspace: Workspace
    private let processor: ImageProcessor
    private let embedding: Tensor
    private let relation: VisualRelation?
    private var displayed = PixelSize(width: 0, height: 0)
    private var answers: [Perception] = []

    /// - Parameter threads: how many cores one forward pass uses; results do not depend on it.
    public init(model: SPTModel, threads: Int) {
        self.model = model
        workspace = Workspace(threads: threads)
        processor = ImageProcessor(model.configuration)
        let tokens = model.configuration.gridSize * model.configuration.gridSize
        embedding = Tensor(rows: tokens, columns: model.configuration.transformerDim)
        relation = model.passes.usesRelation ? VisualRelation(tokens: tokens, channels: model.configuration.transformerDim) : nil
    }

    /// Bytes held for activations; they grow during the first frames and not after.
    public var plannedBytes: Int { workspace.plannedBytes }

    /// Encodes a rectangle of an image and builds its visual relation. Every later `ask` is about this picture.
    ///
    /// - Precondition: `rect` lies inside the image and is not empty.
    public func display(_ image: RGBImage, rect: PixelRect) {
        let size = model.configuration.imageSize
        displayed = rect.size
        workspace.pass {
            workspace.scope {
                let input = workspace.tensor(size * size, 3)
                processor(image, rect: rect, into: input, in: workspace)
                model.encoder(input, into: embedding, in: workspace)
            }
            relation?.update(embedding: embedding, alpha: model.configuration.vattAlpha, in: workspace)
        }
    }

    /// Drafts and refines each prompt. Coordinates are pixels of the displayed rectangle (its corner is 0, 0).
    /// The answers are overwritten by the next call.
    ///
    /// - Precondition: something is on display.
    public func ask(_ prompts: [Prompt]) -> [Perception] {
        precondition(displayed.area > 0, "display a picture before asking about it")
        let side = Float(model.configuration.imageSize), maskSide = model.configuration.maskSize
        while answers.count < prompts.count {
            answers.append(Perception(maskSize: PixelSize(width: maskSide, height: maskSide)))
        }
        let (x, y) = (side / Float(displayed.width), side / Float(displayed.height))
        workspace.pass {
            for (prompt, answer) in zip(prompts, answers) {
                workspace.scope {
                    let passes = model.passes(prompt.scaled(x: x, y: y), embedding: embedding, relation: relation, in: workspace)
                    answer.draft.replace(with: passes.draft.masks)
                    answer.refined.replace(with: passes.refined.masks)
                    answer.draftIoU = passes.draft.iou.pointer[0]
                    answer.refinedIoU = passes.refined.iou.pointer[0]
                }
            }
        }
        return Array(answers.prefix(prompts.count))
    }
}
