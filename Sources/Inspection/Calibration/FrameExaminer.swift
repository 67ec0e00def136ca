import Imaging
import SelfPerception

/// Inspects marked frames as the daemon does, and keeps what the verdicts are made of. One per thread.
final class FrameExaminer {
    private let inspector: Inspector
    private let entry: CameraEntry
    private let revision: String
    private let jitters: Int
    private let seed: UInt64
    private let reader = SampleReader()
    private let image = RGBImage()
    /// The camera's plan and its jittered ones, by frame size.
    private var plans: [PixelSize: [InspectionPlan]] = [:]

    /// Sizes whose plans are kept.
    private static let mostSizes = 16

    init(inspector: Inspector, entry: CameraEntry, revision: String, jitters: Int, seed: UInt64) {
        self.inspector = inspector
        self.entry = entry
        self.revision = revision
        self.jitters = jitters
        self.seed = seed
    }

    /// - Parameter isJittered: whether the regions are looked at moved a little, too.
    /// - Throws: ``DatasetError`` naming the file that cannot be used.
    func examine(_ sample: DefectSample, isJittered: Bool) throws(DatasetError) -> CalibrationFrame {
        let truth = try reader.read(sample, into: image)
        let plans = plans(for: image.size), plan = plans[0]
        _ = inspector.inspect(image, plan: plan)
        var frame = CalibrationFrame(
            name: sample.name, isDefective: sample.isDefective, areaScale: areaScale(of: image.size), regions: [])
        for (region, evidence) in zip(plan.regions, inspector.found) {
            frame.regions.append(.init(evidence: evidence, holdsDefect: holdsDefect(sample, truth, region)))
        }
        guard isJittered, !frame.regions.isEmpty else { return frame }
        for plan in plans.dropFirst() {
            _ = inspector.inspect(image, plan: plan)
            for (index, evidence) in inspector.found.enumerated() { frame.regions[index].jittered.append(evidence) }
        }
        return frame
    }

    private func holdsDefect(_ sample: DefectSample, _ truth: BinaryMask?, _ region: PlannedRegion) -> Bool? {
        guard sample.isDefective else { return false }
        guard let truth else { return nil }
        let bounds = region.spans.bounds
        return (bounds.y..<bounds.maxY).contains { y in
            region.spans.spans(row: y).contains { span in (Int(span.low)..<Int(span.high)).contains { truth[$0, y] } }
        }
    }

    private func areaScale(of frame: PixelSize) -> Double {
        entry.referenceSize.map { Double(frame.area) / Double($0.area) } ?? 1
    }

    private func plans(for frame: PixelSize) -> [InspectionPlan] {
        if let known = plans[frame] { return known }
        if plans.count >= Self.mostSizes { plans.removeAll() }
        let entries = [entry] + (0..<jitters).map { variant in
            var jitter = RegionJitter(seed: seed, variant: variant)
            return jitter(entry, frame: frame)
        }
        let made = entries.map { InspectionPlan(entry: $0, frame: frame, revision: revision) }
        plans[frame] = made
        return made
    }
}
