import Dispatch
import Foundation
import Inspection
import Logging
import SegmentAnything
import SelfPerception
import Streaming

/// Puts a changed configuration in force while frames are inspected: region file, adapters, where frames come from, log level and golden
/// samples. Either all of it, or, where anything is wrong, nothing.
final class ConfigurationReloader: Sendable {
    struct Outcome: Sendable, Equatable {
        var isInForce: Bool
        /// For people.
        var detail: String
    }

    /// What can be exchanged in a running daemon.
    struct Parts: Sendable {
        var regions: ReloadableFile<RegionFile>
        var models: ModelShelf
        var board: SubscriptionBoard
        var level: SharedLogLevel
        var golden: GoldenKeeper
        /// nil: frames are not recorded.
        var recording: FrameKeeper?
        /// Is told of a region file that somebody has put in another's place, but for what the page does; the one before comes first.
        var edited: @Sendable (RegionFile, RegionFile) -> Void = { _, _ in }
    }

    private let parts: Parts
    private let reread: @Sendable () throws -> Configuration
    private let current: Monitor<Configuration>
    private let logger: Logger
    private let tell: @Sendable (StatusEvent.Condition, String) -> Void
    private let manager: ServiceManager?
    /// One reload after the other.
    private let queue = DispatchQueue(label: "flawd.reload")

    init(
        _ configuration: Configuration, parts: Parts, reread: @escaping @Sendable () throws -> Configuration, manager: ServiceManager?, logger: Logger,
        tell: @escaping @Sendable (StatusEvent.Condition, String) -> Void
    ) {
        current = Monitor(configuration)
        self.parts = parts
        self.reread = reread
        self.manager = manager
        self.logger = logger
        self.tell = tell
    }

    /// Waits for it, seconds where a model is loaded: not on one of Swift's threads.
    func reload() -> Outcome { queue.sync { reloadAll() } }

    func reloadLater() { queue.async { @Sendable [self] in _ = reloadAll() } }

    func reload() async -> Outcome {
        await withCheckedContinuation { continuation in
            queue.async { @Sendable [self] in continuation.resume(returning: reloadAll()) }
        }
    }

    /// The region file alone, if it has changed; what else is in force stays.
    func reloadChangedRegions(atOnce: Bool) async {
        await withCheckedContinuation { continuation in
            queue.async { @Sendable [self] in
                let before = parts.regions.current
                if let outcome = parts.regions.reloadIfChanged(waitsToSettle: !atOnce) { report(outcome, insteadOf: before) }
                continuation.resume()
            }
        }
    }

    /// The region file alone, which has just been written. Waits for it: not on one of Swift's threads.
    ///
    /// - Returns: why it is not in force; nil: it is, or it was already.
    func reloadRegions() -> String? {
        queue.sync {
            guard let outcome = parts.regions.reloadIfChanged(waitsToSettle: false) else { return nil }
            report(outcome)
            if case .refused(let error) = outcome { return "\(error)" }
            return nil
        }
    }

    // MARK: On the queue

    private func reloadAll() -> Outcome {
        manager?.isReloading()
        let outcome: Outcome
        do {
            outcome = Outcome(isInForce: true, detail: try take(try reread()))
            logger.notice("configuration: \(outcome.detail)")
            tell(.configurationReplaced, outcome.detail)
        } catch {
            outcome = Outcome(isInForce: false, detail: "\(error)")
            logger.error("configuration: not usable, what was in force stays:\n\(error)")
            tell(.configurationRefused, outcome.detail)
        }
        manager?.ready(outcome.isInForce ? "the configuration was read again" : "the new configuration is not usable: \(outcome.detail)")
        return outcome
    }

    /// Everything that can go wrong comes first.
    private func take(_ new: Configuration) throws -> String {
        if let (endpoint, problem) = new.securityProblems.first { throw FileError([.init(file: new.file ?? endpoint.description, problem: problem)]) }
        let old = current.read { $0 }, change = ConfigurationChange(from: old, to: new)
        let regions = try loadRegions(new.regions)
        let golden = try new.golden.map { try GoldenSamples($0, regions: regions.contents) }
        // Loading and trying them takes all cores for a while, which frames would notice.
        let models = try change.adapts || CameraModels.signature(new) != parts.models.current.signature ? adapted(new, waiting: change) : nil
        if change.subscribes { try parts.board.ask(for: new.subscribe) }

        let before = parts.regions.current
        parts.regions.take(regions)
        report(.replaced(regions.contents), insteadOf: before)
        if let models { parts.models.current = models }
        parts.golden.take(golden)
        parts.level.current = new.logLevel
        parts.recording?.take(configuration: new.file.flatMap { try? FrameRecorder.Attachment(configuration: $0) })
        // What waits stays what it is, so that it is named the next time, too.
        current.update { current in
            current.regions = new.regions
            current.subscribe = new.subscribe
            current.logLevel = new.logLevel
            current.golden = new.golden
            if models != nil { current.adapters = new.adapters }
        }
        return change.waiting.isEmpty ? "in force" : "in force, but for what waits for a restart: \(change.waiting.joined(separator: ", "))"
    }

    private func loadRegions(_ path: String) throws -> ReloadableFile<RegionFile>.Loaded {
        do { return try parts.regions.load(path) } catch {
            // Whoever watches the file need not say so again.
            if path == parts.regions.path { parts.regions.takeNote(of: error) }
            report(.refused(error))
            throw error
        }
    }

    /// The base with its adapters, read again; nil where the base is another, which takes a restart.
    private func adapted(_ new: Configuration, waiting change: ConfigurationChange) throws -> CameraModels? {
        guard !change.waiting.contains("model") else { return nil }
        let models = try CameraModels(new), base = parts.models.current.base
        guard models.base.hash == base.hash else {
            throw CheckpointError(file: models.base.path, problem: "is another file than the one in force, which adapters are loaded beside: a restart takes it over")
        }
        return models
    }

    /// - Parameter before: nil: who did it has noted it.
    private func report(_ outcome: ReloadableFile<RegionFile>.Outcome, insteadOf before: RegionFile? = nil) {
        let path = parts.regions.path
        switch outcome {
        case .replaced(let regions):
            logger.notice("regions: \(path) is in force, revision \(regions.revision.prefix(12))")
            tell(.regionsReplaced, "\(path), revision \(regions.revision)")
            if let before, before.revision != regions.revision { parts.edited(before, regions) }
            for warning in regions.warnings + parts.models.current.warnings(about: regions) { logger.warning("regions: \(warning)") }
        case .refused(let error):
            tell(.regionsRefused, "\(error)")
            logger.error("regions: \(path) is not usable, revision \(parts.regions.current.revision.prefix(12)) stays in force:\n\(error)")
        }
    }
}
