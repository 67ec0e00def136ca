import Inspection
import Logging
import ServiceLifecycle

/// Keeps the region file in force up to date: at SIGHUP, and a second after it changed.
struct RegionReloader: Service {
    let file: ReloadableFile<RegionFile>
    let models: CameraModels
    let logger: Logger
    /// Publishes a status event.
    let tell: @Sendable (StatusEvent.Condition, String) -> Void
    var interval = Duration.seconds(1)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval)) != nil {
                if let outcome = file.reloadIfChanged() { report(outcome) }
            }
        }
    }

    func reload() { report(file.reload()) }

    private func report(_ outcome: ReloadableFile<RegionFile>.Outcome) {
        switch outcome {
        case .replaced(let regions):
            logger.notice("regions: \(file.path) is in force, revision \(regions.revision.prefix(12))")
            tell(.regionsReplaced, "\(file.path), revision \(regions.revision)")
            for warning in regions.warnings + models.warnings(about: regions) { logger.warning("regions: \(warning)") }
        case .refused(let error):
            tell(.regionsRefused, "\(error)")
            logger.error(
                "regions: \(file.path) is not usable, revision \(file.current.revision.prefix(12)) stays in force:\n\(error)")
        }
    }
}
