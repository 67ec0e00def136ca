import Imaging
import Inspection
import Streaming

/// What the page's routes work with.
struct PageParts: Sendable {
    let gate: PageGuard
    let recent: RecentFrames
    let monitor: HealthMonitor
    let regionFile: ReloadableFile<RegionFile>
    let regions: RegionDesk
    let review: ReviewDesk
    let evidence: EvidenceDesk
    let pictures: PictureMaker
    let frozen = FrozenFrames()
    /// What waits for a worker, the journal or a disk.
    let queue = PageQueue(label: "flawd.page", qos: .utility, mostWaiting: 16)
    /// What waits for the model, which may take its time.
    let previews = PageQueue(label: "flawd.previews", qos: .utility, mostWaiting: 4)

    init(
        gate: PageGuard, recent: RecentFrames, monitor: HealthMonitor, regionFile: ReloadableFile<RegionFile>, regions: RegionDesk, review: ReviewDesk,
        limits: ImageLimits
    ) {
        self.gate = gate
        self.recent = recent
        self.monitor = monitor
        self.regionFile = regionFile
        self.regions = regions
        self.review = review
        evidence = EvidenceDesk(review: review, regions: regionFile)
        pictures = PictureMaker(limits: limits)
    }
}
