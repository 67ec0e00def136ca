import Imaging

/// What the model says of one prompt: the draft and what it became when it was refined.
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

    convenience init(maskSize: PixelSize) {
        let empty = LogitMap(size: maskSize, values: [Float](repeating: 0, count: maskSize.area))
        self.init(draft: empty, refined: empty)
    }
}
