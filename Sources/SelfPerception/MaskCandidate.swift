import SegmentAnything

/// One of the masks that SAM's decoder offers for an ambiguous prompt (`multimask_output`).
public struct MaskCandidate: Sendable {
    /// Which mask token it is of; 0 is the single mask's, so candidates are 1 and up.
    public let token: Int
    /// The decoder's own estimate of the mask's IoU with what was meant.
    public internal(set) var predictedIoU: Float
    public internal(set) var logits: LogitMap
}
