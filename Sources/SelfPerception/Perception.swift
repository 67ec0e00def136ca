import Imaging
import SegmentAnything

/// What the model says of one prompt: the draft and what it became when it was refined. A model without a refine pass
/// (``SPTModel/hasRefinement``) leaves the draft as it is.
///
/// Owned by the session and overwritten by its next `ask`.
public final class Perception {
    public internal(set) var draft: LogitMap
    public internal(set) var refined: LogitMap
    /// The decoders' own estimates of their masks' IoU.
    public internal(set) var draftIoU: Float
    public internal(set) var refinedIoU: Float

    public init(draft: LogitMap, refined: LogitMap, draftIoU: Float = 0, refinedIoU: Float = 0) {
        self.draft = draft
        self.refined = refined
        self.draftIoU = draftIoU
        self.refinedIoU = refinedIoU
    }

    convenience init(_ configuration: ModelConfiguration) {
        let empty = LogitMap(emptyFor: configuration)
        self.init(draft: empty, refined: empty)
    }
}
