import Imaging
import Inspection

/// A frame's recorded and fresh verdict beside one another.
struct FrameComparison: Sendable, Equatable {
    struct Region: Sendable, Equatable {
        var name: String
        var recordedVerdict: Verdict
        var verdict: Verdict
        var recordedScore: Double
        var score: Double
        /// Of the region's defects, then and now; nil where a recorded mask cannot be read.
        var iou: Double?

        var drift: Double { score - recordedScore }
    }

    /// What both have, in the order of the region file; none where either was not inspected.
    var regions: [Region] = []
    /// Names of regions that only the recorded verdict has, and only the fresh one.
    var onlyRecorded: [String] = []
    var onlyNow: [String] = []
    /// Of all defects of the frame, then and now: intersection over union of the unions of their masks, 1 where both are empty. nil:
    /// there is nothing to compare, or a recorded mask cannot be read.
    var iou: Double?
    /// What is wrong with a recorded mask.
    var problem: String?

    /// - Parameter size: of the frame.
    init(recorded: VerdictEvent, fresh: VerdictEvent, size: PixelSize) {
        guard recorded.verdict != .uninspected, fresh.verdict != .uninspected else { return }
        let before = Dictionary(recorded.regions.map { ($0.name, $0) }) { first, _ in first }
        for region in fresh.regions {
            guard let old = before[region.name] else {
                onlyNow.append(region.name)
                continue
            }
            regions.append(Region(
                name: region.name, recordedVerdict: old.verdict, verdict: region.verdict, recordedScore: old.score, score: region.score,
                iou: overlap([old], [region], size)))
        }
        let names = Set(fresh.regions.map(\.name))
        onlyRecorded = recorded.regions.map(\.name).filter { !names.contains($0) }
        // One region is the whole frame's answer already.
        if fresh.regions.count == 1, recorded.regions.count == 1, let only = regions.first {
            iou = only.iou
        } else {
            iou = overlap(recorded.regions, fresh.regions, size)
        }
    }

    private mutating func overlap(_ recorded: [RegionResult], _ fresh: [RegionResult], _ size: PixelSize) -> Double? {
        func masks(_ regions: [RegionResult]) -> [RunLengthCode] { regions.flatMap { $0.defects.map(\.segmentation) } }
        do {
            return try RunLengthCode.iou(masks(recorded), masks(fresh), in: size)
        } catch {
            problem = "\(error)"
            return nil
        }
    }

    /// The largest |score difference| of a region; nil where none was compared.
    var largestDrift: Double? { regions.map { abs($0.drift) }.max() }
}
