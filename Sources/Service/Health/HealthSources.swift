/// What a health report is made of beside the pipeline. What may change while flawd runs is asked for each time.
struct HealthSources: Sendable {
    /// Content hash of the program.
    var build: String
    var model: @Sendable () -> HealthReport.Model
    var regions: @Sendable () -> HealthReport.Regions
    /// Path; nil: verdicts are not kept.
    var journal: String?
    var recording: FrameKeeper?
}
