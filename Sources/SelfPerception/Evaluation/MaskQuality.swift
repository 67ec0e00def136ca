import Imaging

/// How well draft and refined mask agree with the truth, at the picture's own size.
public struct MaskQuality: Sendable, Codable, Equatable {
    public var draftIoU = 0.0
    public var draftBoundaryIoU = 0.0
    public var refinedIoU = 0.0
    public var refinedBoundaryIoU = 0.0

    /// - Parameter boundary: of the truth: ``MaskMetrics/boundary(_:dilationRatio:)``.
    init(_ answer: Perception, truth: BinaryMask, boundary: BinaryMask) {
        var mask = BinaryMask()
        answer.draft.mask(at: truth.size, into: &mask)
        draftIoU = mask.iou(with: truth)
        draftBoundaryIoU = MaskMetrics.boundary(mask).iou(with: boundary)
        answer.refined.mask(at: truth.size, into: &mask)
        refinedIoU = mask.iou(with: truth)
        refinedBoundaryIoU = MaskMetrics.boundary(mask).iou(with: boundary)
    }

    /// The mean of several; nil of none.
    init?(meanOf all: [MaskQuality]) {
        guard !all.isEmpty else { return nil }
        for one in all {
            draftIoU += one.draftIoU / Double(all.count)
            draftBoundaryIoU += one.draftBoundaryIoU / Double(all.count)
            refinedIoU += one.refinedIoU / Double(all.count)
            refinedBoundaryIoU += one.refinedBoundaryIoU / Double(all.count)
        }
    }
}
