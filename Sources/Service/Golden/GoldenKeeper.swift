import Dispatch
import Imaging
import Inspection
import Logging
import ServiceLifecycle

/// Inspects parts whose verdicts are known as it inspects the line's, by the pipeline's own workers between two frames: at the start, every so
/// often, and when told to. A wrong answer is a status event, and where the settings say so nothing passes until somebody has acknowledged it.
final class GoldenKeeper: Service {
    private let pipeline: Pipeline
    private let limits: ImageLimits
    private let logger: Logger
    private let samples: Monitor<GoldenSamples?>
    private let state = Monitor(State())
    /// One inspection of the samples after the other.
    private let queue = DispatchQueue(label: "flawd.golden")

    /// What holds passes back until the first inspection.
    private static let first = "golden, first"

    struct State {
        var runs: UInt64 = 0
        var failures: UInt64 = 0
        var last: GoldenReport?
    }

    init(_ samples: GoldenSamples?, pipeline: Pipeline, limits: ImageLimits, logger: Logger) {
        self.samples = Monitor(samples)
        self.pipeline = pipeline
        self.limits = limits
        self.logger = logger
    }

    /// How often, and what came of it.
    var history: State { state.read { $0 } }

    /// Takes others from the next time on.
    func take(_ new: GoldenSamples?) { samples.update { $0 = new } }

    func run() async throws {
        if samples.read({ $0?.settings.onFailure }) == .halt { pipeline.station.halt(Self.first, "the golden samples have not been inspected yet") }
        await cancelWhenGracefulShutdown { [self] in
            await inspectAll()
            pipeline.station.halt(Self.first, nil)
            var waited = Duration.zero
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                waited += .seconds(1)
                guard let every = samples.read({ $0?.settings.everySeconds }), waited >= .seconds(every) else { continue }
                waited = .zero
                await inspectAll()
            }
        }
    }

    private func inspectAll() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            queue.async { @Sendable [self] in
                _ = inspect()
                continuation.resume()
            }
        }
    }

    /// Waits for the answers: not on one of Swift's threads.
    ///
    /// - Returns: nil: there are no samples, or the pipeline has ended.
    func inspectNow() -> GoldenReport? { queue.sync { inspect() } }

    // MARK: On the queue

    private func inspect() -> GoldenReport? {
        guard let golden = samples.read({ $0 }), !golden.samples.isEmpty else { return nil }
        let reader = PictureReader(limits: limits), begun = ContinuousClock.now
        var report = GoldenReport()
        for sample in golden.samples {
            let image = RGBImage()
            var problem: String?
            do {
                try reader.read(path: sample.file, into: image)
                // The pipeline has ended: no answer, right or wrong.
                guard let verdict = judge(image, camera: sample.camera) else { return nil }
                problem = Self.problem(verdict, isGood: sample.isGood)
            } catch {
                problem = "cannot be read: \(error)"
            }
            if sample.isGood { report.good += 1 } else { report.defective += 1 }
            if let problem { report.wrong.append(.init(camera: sample.camera, file: sample.file, problem: problem)) }
        }
        report.seconds = (ContinuousClock.now - begun) / .seconds(1)
        settle(report, golden.settings)
        return report
    }

    private func judge(_ image: RGBImage, camera: String) -> Result<Verdict, any Error>? {
        // Safe to hand over: nobody looks at the picture until the worker has answered.
        nonisolated(unsafe) let image = image
        return pipeline.withInspector { inspector in Result { try inspector.inspect(image, camera: camera).result.verdict } }
    }

    /// A defective part may be for review: a rejector takes that for a fail.
    private static func problem(_ result: Result<Verdict, any Error>, isGood: Bool) -> String? {
        switch result {
        case .failure(let error): return "could not be inspected: \(error)"
        case .success(.uninspected): return "could not be inspected"
        case .success(let verdict):
            if isGood { return verdict == .pass ? nil : "is good and got \(verdict.rawValue)" }
            return verdict == .pass ? "is defective and passed" : nil
        }
    }

    private func settle(_ report: GoldenReport, _ settings: GoldenSettings) {
        state.update { state in
            state.runs += 1
            if !report.isRight { state.failures += 1 }
            state.last = report
        }
        guard !report.isRight else {
            logger.notice("\(report.summary)")
            return pipeline.status.say(.goldenRight, report.summary)
        }
        logger.error("\(report.summary)")
        pipeline.status.say(.goldenWrong, report.summary)
        if settings.onFailure == .halt { pipeline.station.halt("golden", report.summary) }
    }
}
