import Foundation
import Imaging
import Inspection
import Logging
import SelfPerception
import Service
import Streaming

/// `flawd bench journal`: the pipeline with a model that takes no time, once numbering verdicts only and once committing each to a journal
/// before it is published; first at a steady rate, then as fast as it goes.
enum JournalBenchmark {
    struct Report: BenchmarkReport {
        struct Run: Codable {
            var verdictsPerSecond: Double
            /// From receipt to the socket.
            var medianMs: Double
            var p99Ms: Double
            var mostMs: Double
        }

        var machine: String
        var folder: String
        var durability: String
        var rate: Double
        var verdicts: Int
        var numbered: Run
        var committed: Run
        /// What the journal adds to the time that 99 of 100 verdicts do not exceed.
        var addedP99Ms: Double
        /// As fast as it goes, committed.
        var mostPerSecond: Double

        var lines: [String] {
            func line(_ name: String, _ run: Run) -> String {
                "\(name): \(fixed(run.verdictsPerSecond, 0)) verdicts/s, from receipt to the socket \(fixed(run.medianMs, 2)) ms, p99 \(fixed(run.p99Ms, 2)) ms, at most \(fixed(run.mostMs, 1)) ms"
            }
            return [
                "journal in \(folder), durability \(durability), \(verdicts) verdicts at \(fixed(rate, 0)) a second", line("numbered only", numbered),
                line("committed first", committed), "the journal adds \(fixed(addedP99Ms, 2)) ms to p99; as fast as it goes: \(fixed(mostPerSecond, 0)) verdicts/s",
            ]
        }
    }

    static func run(_ command: BenchCommand) async throws -> Report {
        let count = command.rounds ?? 6000, rate = command.rate ?? 600
        let folder = try BenchmarkFolder(in: command.folder)
        let settings = JournalSettings(), archive = RegionArchive()
        let parent = folder.path
        func journal(_ name: String) -> @Sendable () throws -> any VerdictLedger {
            let path = "\(parent)/\(name)"
            return { try JournalLedger(path: path, settings: settings, regions: archive) }
        }
        let numbered = try await measure(count, rate: rate) { RunLedger() }
        let committed = try await measure(count, rate: rate, ledger: journal("paced.sqlite"))
        let most = try await measure(count, rate: nil, ledger: journal("fast.sqlite"))
        return Report(
            machine: Machine.description, folder: command.folder ?? ".", durability: settings.durability.rawValue, rate: rate, verdicts: count,
            numbered: numbered, committed: committed, addedP99Ms: committed.p99Ms - numbered.p99Ms, mostPerSecond: most.verdictsPerSecond)
    }

    private static func measure(_ count: Int, rate: Double?, ledger: @escaping @Sendable () throws -> any VerdictLedger) async throws -> Report.Run {
        let times = Times(), context = try MessagingContext()
        var settings = PipelineSettings()
        settings.policy = .block
        settings.queuePerCamera = 64
        let pipeline = Pipeline(
            settings: settings,
            stages: PipelineStages(
                makeSource: { PacedSource(count: count, rate: rate) }, makeDecoder: { NoDecoder() }, makeInspector: { FixedInspector() },
                makeSink: { try TimedSink(context: context, times: times) }, makeLedger: ledger),
            identity: PipelineIdentity(model: String(repeating: "0", count: 64), build: String(repeating: "0", count: 64)),
            logger: Logger(label: "flawd.bench") { _ in SwiftLogNoOpLogHandler() })
        try await pipeline.start()
        try await pipeline.finished()
        let sorted = times.latenciesNs.sorted()
        guard let last = sorted.last, sorted.count == count, times.lastNs > times.firstNs else { throw Failure("\(sorted.count) of \(count) verdicts were published") }
        func quantile(_ share: Double) -> Double { Double(sorted[Int(share * Double(sorted.count - 1))]) / 1e6 }
        return Report.Run(
            verdictsPerSecond: Double(count - 1) * 1e9 / Double(times.lastNs - times.firstNs), medianMs: quantile(0.5), p99Ms: quantile(0.99),
            mostMs: Double(last) / 1e6)
    }

    // @unchecked Sendable: written by the publishing thread alone, read when that has ended.
    private final class Times: @unchecked Sendable {
        var latenciesNs: [Int64] = []
        var firstNs: Int64 = 0
        var lastNs: Int64 = 0
    }

    private struct PacedSource: FrameSource {
        private final class State { var sent = 0, begun: ContinuousClock.Instant? }

        let count: Int
        let rate: Double?
        private let state = State()
        private let payload = Payload(copying: [UInt8](repeating: 7, count: 64))

        init(count: Int, rate: Double?) {
            self.count = count
            self.rate = rate
        }

        func receive(timeoutMs: Int) -> Reception {
            guard state.sent < count else { return .ended }
            let begun = state.begun ?? .now
            state.begun = begun
            if let rate {
                let due = begun + .seconds(Double(state.sent) / rate), now = ContinuousClock.now
                if due > now { usleep(UInt32(max(1, min(100_000, (due - now) / .microseconds(1))))) }
            }
            let header = FrameHeader(
                format: .cameraStream, camera: "line1/top", codec: .rawBGR8, sequence: UInt64(state.sent), size: PixelSize(width: 4, height: 4),
                partID: "part \(state.sent)")
            state.sent += 1
            return .message(.frame(IncomingFrame(header: header, payload: payload)))
        }
    }

    private struct NoDecoder: FrameDecoding {
        func decode(_ frame: IncomingFrame, into image: RGBImage) {}
    }

    private final class FixedInspector: FrameInspecting {
        let frameMask = BinaryMask()

        func inspect(_ image: RGBImage, camera: String) -> FrameInspection {
            let region = RegionResult(name: "seal", verdict: .pass, score: 0.123456789, agreement: 0.987654321)
            return FrameInspection(result: FrameResult(verdict: .pass, regions: [region]), regionsRevision: String(repeating: "1", count: 64))
        }

        func drawOverlay(of result: FrameResult, on image: RGBImage, into jpeg: inout [UInt8]) {}
    }

    private final class TimedSink: EventSink {
        private let publisher: Publisher
        private let times: Times
        private let clock = PipelineClock.system

        init(context: MessagingContext, times: Times) throws {
            publisher = try Publisher(context: context, endpoints: [Endpoint(.bind, "tcp://127.0.0.1:*")])
            self.times = times
        }

        func publish(_ event: VerdictEvent, pictures: FrameSlot?) throws {
            try publisher.send([Array("\(event.camera)/verdict".utf8), event.json])
            let now = clock.utcNs()
            if times.firstNs == 0 { times.firstNs = now }
            times.lastNs = now
            times.latenciesNs.append(now - event.receivedUTCNs)
        }

        func publish(_ event: MissingEvent) throws { try publisher.send([Array("\(event.camera)/missing".utf8), event.json]) }
        func publish(_ event: HeartbeatEvent) throws { try publisher.send([Array(HeartbeatEvent.topic.utf8), event.json]) }
        func publish(_ event: StatusEvent) throws { try publisher.send([Array(StatusEvent.topic.utf8), event.json]) }
        func publish(_ event: HealthEvent) throws { try publisher.send([Array(HealthEvent.topic.utf8), event.json]) }
    }
}
