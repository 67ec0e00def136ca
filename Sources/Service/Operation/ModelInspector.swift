import Imaging
import Inspection
import Logging
import SelfPerception

/// A worker's inspector: the model's session and the plans of the region file in force.
final class ModelInspector: FrameInspecting {
    private let inspector: Inspector
    private let session: SPTSession
    private let models: ModelShelf
    private let regions: ReloadableFile<RegionFile>
    private let plans: PlanCache<InspectionPlan>
    private let logger: Logger
    private let painter = OverlayPainter()
    private let encoder = JPEGEncoder()
    /// Of the last frame.
    private var plan: InspectionPlan?

    init(models: ModelShelf, threads: Int, regions: ReloadableFile<RegionFile>, plans: PlanCache<InspectionPlan>, logger: Logger) {
        self.models = models
        session = SPTSession(model: models.current.base, threads: threads)
        inspector = Inspector(session: session)
        self.regions = regions
        self.plans = plans
        self.logger = logger
    }

    func inspect(_ image: RGBImage, camera: String) throws -> FrameInspection {
        // One file for the whole frame, whatever is reloaded meanwhile.
        let file = regions.current
        plan = plans.plan(revision: file.revision, camera: camera, size: image.size) {
            makePlan(file, camera: camera, size: image.size)
        }
        guard let plan else {
            let result = FrameResult(
                verdict: .uninspected, reason: .noRegion, detail: "the region file has no entry for this camera")
            return FrameInspection(result: result, regionsRevision: file.revision)
        }
        session.use(models.current.model(of: camera))
        let result = inspector.inspect(image, plan: plan)
        return FrameInspection(result: result, regionsRevision: file.revision, model: session.model.hash)
    }

    /// Inspects by regions that are not in force: what they would say.
    func inspect(_ image: RGBImage, camera: String, by tried: InspectionPlan) -> FrameResult {
        plan = tried
        session.use(models.current.model(of: camera))
        return inspector.inspect(image, plan: tried)
    }

    var keepsDraft: Bool {
        get { inspector.keepsDraft }
        set { inspector.keepsDraft = newValue }
    }

    var draftMask: BinaryMask? { inspector.draftMask }

    /// Once for each camera and size: what an engineer should know before trusting a pass is said here.
    private func makePlan(_ file: RegionFile, camera: String, size: PixelSize) -> InspectionPlan? {
        guard let plan = file.plan(camera: camera, frame: size) else {
            logger.warning(
                "camera \"\(camera)\" has no entry in the region file, so its frames are uninspected; entries: \(file.cameras.joined(separator: ", "))", metadata: ["camera": "\(camera)"])
            return nil
        }
        if let warning = plan.aspectWarning { logger.warning("camera \"\(camera)\", frames of \(size): \(warning)", metadata: ["camera": "\(camera)"]) }
        return plan
    }

    var frameMask: BinaryMask { inspector.frameMask }

    func drawOverlay(of result: FrameResult, on image: RGBImage, into jpeg: inout [UInt8]) throws {
        painter.paint(image, plan: plan, result: result, mask: frameMask)
        try encoder.encode(image, into: &jpeg)
    }
}
