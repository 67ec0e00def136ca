import Imaging
import SegmentAnything

/// Finds everything in a picture, as segment-anything's `SamAutomaticMaskGenerator` does: a grid of points, each asked
/// about with SAM's multimask output; filters for predicted IoU and stability; non-maximum suppression; the same again
/// on overlapping crops, if wanted.
///
/// Masks wait as run-length codes, so memory grows with what was found and not with points times pixels. Masks come out
/// in the published order. Two departures: an empty mask is never returned (with all filters off the published code
/// returns it), and what is not a number is an error.
public final class AutomaticMaskGenerator {
    private let session: SPTSession
    private let settings: AutomaticMaskSettings
    private var scan = MaskScan()
    private var boxed = BinaryMask()
    private var small = SmallRegions()

    /// Prompts that are asked in one call.
    private static let batch = 64

    /// - Throws: when a setting cannot be, or the model has no multimask output.
    public init(session: SPTSession, settings: AutomaticMaskSettings = .init()) throws(MaskGenerationError) {
        if let problem = settings.problem { throw MaskGenerationError(problem) }
        guard session.model.configuration.numMultimaskOutputs > 0 else {
            throw MaskGenerationError("\(session.model.path): the model has no multimask outputs (num_multimask_outputs is 0)")
        }
        self.session = session
        self.settings = settings
    }

    /// - Parameter progress: is told how many of how many points have been asked about.
    public func generate(
        _ image: RGBImage, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(MaskGenerationError) -> [AutomaticMask] {
        guard image.size.area > 0 else { throw MaskGenerationError("the picture has no pixels") }
        let crops = MaskCrop.crops(of: image.size, layers: settings.cropNLayers, overlapRatio: settings.cropOverlapRatio)
        let total = crops.reduce(0) { $0 + settings.points(inLayer: $1.layer) * settings.points(inLayer: $1.layer) }
        var masks: [AutomaticMask] = [], done = 0
        for crop in crops {
            masks += try generate(image, crop) {
                done += 1
                progress(done, total)
            }
        }
        if settings.cropNLayers > 0 {
            let kept = suppress(
                masks.map(\.box), scores: masks.map { 1 / Float($0.cropBox.size.area) }, threshold: settings.cropNMSThresh)
            masks = kept.map { masks[$0] }
        }
        return settings.minMaskRegionArea > 0 ? try withoutSmallRegions(masks) : masks
    }

    private func generate(
        _ image: RGBImage, _ crop: MaskCrop, asked: () -> Void
    ) throws(MaskGenerationError) -> [AutomaticMask] {
        session.display(image, rect: crop.rect)
        let points = crop.points(perSide: settings.points(inLayer: crop.layer))
        var masks: [AutomaticMask] = []
        for start in stride(from: 0, to: points.count, by: Self.batch) {
            let batch = points[start..<min(points.count, start + Self.batch)]
            let prompts = batch.map { Prompt(points: [.init(x: Float($0.x), y: Float($0.y))]) }
            try session.offer(prompts) { (index, candidates) throws(MaskGenerationError) in
                for candidate in candidates {
                    if let mask = try mask(candidate, at: batch[start + index], crop, image.size) { masks.append(mask) }
                }
                asked()
            }
        }
        let kept = suppress(masks.map(\.box), scores: masks.map(\.predictedIoU), threshold: settings.boxNMSThresh)
        return kept.map { masks[$0] }
    }

    /// nil for a candidate that a filter drops.
    private func mask(
        _ candidate: MaskCandidate, at point: (x: Double, y: Double), _ crop: MaskCrop, _ picture: PixelSize
    ) throws(MaskGenerationError) -> AutomaticMask? {
        let iou = candidate.predictedIoU
        guard iou.isFinite, candidate.logits.isFinite else {
            throw MaskGenerationError("the model's answer at (\(point.x), \(point.y)) is not a finite number")
        }
        if settings.predIoUThresh > 0, iou <= Float(settings.predIoUThresh) { return nil }
        scan.run(over: candidate.logits, size: crop.rect.size, offset: Float(settings.stabilityScoreOffset))
        if settings.stabilityScoreThresh > 0, scan.stability < Float(settings.stabilityScoreThresh) { return nil }
        guard let box = scan.box else { return nil }
        let placed = box.moved(x: crop.rect.x, y: crop.rect.y)
        if crop.cuts(placed, of: picture) { return nil }
        scan.mask.crop(
            PixelRect(x: box.left, y: box.top, width: box.right - box.left + 1, height: box.bottom - box.top + 1), into: &boxed)
        return AutomaticMask(
            segmentation: RunLengthCode(boxed, atX: placed.left, y: placed.top, in: picture), area: scan.area, box: placed,
            predictedIoU: iou, point: (point.x + Double(crop.rect.x), point.y + Double(crop.rect.y)),
            stabilityScore: scan.stability, cropBox: crop.rect)
    }

    /// `postprocess_small_regions`: masks that needed no change are preferred over those that did.
    private func withoutSmallRegions(_ masks: [AutomaticMask]) throws(MaskGenerationError) -> [AutomaticMask] {
        var masks = masks, scores: [Float] = []
        for index in masks.indices {
            var mask: BinaryMask
            do { mask = try masks[index].segmentation.mask() } catch { throw MaskGenerationError("\(error)") }
            let changed = small.remove(from: &mask, below: settings.minMaskRegionArea)
            scores.append(changed ? 0 : 1)
            guard changed, let box = MaskScan.box(of: mask) else { continue }
            masks[index].box = box
            masks[index].area = mask.area
            masks[index].segmentation = RunLengthCode(mask)
        }
        let threshold = max(settings.boxNMSThresh, settings.cropNMSThresh)
        return suppress(masks.map(\.box), scores: scores, threshold: threshold).map { masks[$0] }
    }
}
