import CoreMetrics
import Dispatch
import Foundation
import Imaging
import Inspection
import Logging
import Streaming
import Synchronization

@testable import Service

/// What a fake frame asks of the fakes; travels as the payload.
struct Script: Equatable {
    enum Fate: UInt8, CaseIterable { case pass, review, fail, decodeError, modelError, noRegion }
    var fate = Fate.pass
    /// The picture's size.
    var width: UInt8 = 4
    var height: UInt8 = 4
    /// How often the inspecting thread gives way to the others.
    var yields: UInt8 = 0
    /// Milliseconds by which decoding and inspecting move the manual clock.
    var decodeMs: UInt8 = 0
    var inspectMs: UInt8 = 0

    var bytes: [UInt8] { [fate.rawValue, width, height, yields, decodeMs, inspectMs] }

    init(fate: Fate = .pass, width: UInt8 = 4, height: UInt8 = 4, yields: UInt8 = 0, decodeMs: UInt8 = 0, inspectMs: UInt8 = 0) {
        (self.fate, self.width, self.height, self.yields) = (fate, width, height, yields)
        (self.decodeMs, self.inspectMs) = (decodeMs, inspectMs)
    }

    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(
            fate: Fate(rawValue: bytes[0]) ?? .pass, width: bytes[1], height: bytes[2], yields: bytes[3], decodeMs: bytes[4],
            inspectMs: bytes[5])
    }
}

func frame(_ camera: String, _ sequence: UInt64?, _ script: Script = Script(), partID: String? = nil) -> Incoming {
    .frame(
        IncomingFrame(
            header: FrameHeader(
                format: .cameraStream, camera: camera, codec: .jpeg, sequence: sequence, capturedUTCNs: 7, partID: partID, trigger: 3),
            payload: Payload(copying: script.bytes + Array("\(camera) \(sequence ?? 0)".utf8))))
}

struct FakeFailure: Error, CustomStringConvertible {
    var description: String
}

final class ManualClock: Sendable {
    private let ns = Atomic<Int64>(1_000_000_000)

    func advance(ms: Int) { ns.add(Int64(ms) * 1_000_000, ordering: .sequentiallyConsistent) }

    var clock: PipelineClock {
        PipelineClock(
            monotonicNs: { self.ns.load(ordering: .sequentiallyConsistent) },
            utcNs: { self.ns.load(ordering: .sequentiallyConsistent) + 1_000_000_000_000 })
    }
}

/// Messages a test feeds; they end when the test says so or the pipeline stops receiving.
final class Feed: Sendable {
    private let queue = BoundedQueue<Incoming>(capacity: 100_000)
    private let handedOut = Atomic<Int>(0)
    /// Called by the receiving thread before it gets message number n (from 1), and with nil when there are no more.
    let onReceive: @Sendable (Int?) -> Void

    init(onReceive: @escaping @Sendable (Int?) -> Void = { _ in }) { self.onReceive = onReceive }

    func send(_ messages: [Incoming]) {
        for message in messages { precondition(queue.tryPush(message) == nil) }
    }

    /// Ends when all messages were received.
    func end() { queue.close() }
    /// Ends at once.
    func interrupt() { queue.close(discarding: true) }
    var received: Int { handedOut.load(ordering: .sequentiallyConsistent) }

    fileprivate func next() -> Incoming? {
        guard let message = queue.pop() else {
            onReceive(nil)
            return nil
        }
        onReceive(handedOut.add(1, ordering: .sequentiallyConsistent).newValue)
        return message
    }
}

struct FakeSource: FrameSource {
    let feed: Feed
    func receive(timeoutMs: Int) -> Reception { feed.next().map(Reception.message) ?? .ended }
}

/// Closed, it holds the inspecting threads.
final class Gate: Sendable {
    private let isOpen: Monitor<Bool>
    init(open: Bool) { isOpen = Monitor(open) }
    func open() { isOpen.update { $0 = true } }
    func pass() { isOpen.wait { $0 ? () : nil } }
}

/// Writes the payload's text into the picture, so that a mix-up of buffers shows in the verdict.
struct FakeDecoder: FrameDecoding {
    let clock: ManualClock?

    func decode(_ frame: IncomingFrame, into image: RGBImage) throws {
        try frame.payload.withBytes { bytes in
            let script = Script(bytes)
            clock?.advance(ms: Int(script.decodeMs))
            if script.fate == .decodeError { throw FakeFailure(description: "cut short") }
            image.resize(width: max(16, Int(script.width)), height: max(2, Int(script.height)))
            let pixels = image.bytes
            for index in pixels.indices { pixels[index] = 0 }
            pixels[0] = UInt8(bytes.count)
            for (index, byte) in bytes.enumerated() { pixels[index + 1] = byte }
        }
    }
}

final class FakeInspector: FrameInspecting {
    let gate: Gate
    let clock: ManualClock?
    let log: @Sendable (String) -> Void
    private(set) var frameMask = BinaryMask()

    init(gate: Gate, clock: ManualClock?, log: @escaping @Sendable (String) -> Void) {
        self.gate = gate
        self.clock = clock
        self.log = log
    }

    func drawOverlay(of result: FrameResult, on image: RGBImage, into jpeg: inout [UInt8]) throws {
        if result.verdict == .review { throw FakeFailure(description: "no ink") }
        jpeg += Array("\(result.regions[0].name) \(image.width) \(frameMask.width)".utf8)
    }

    func inspect(_ image: RGBImage, camera: String) throws -> FrameInspection {
        let pixels = image.bytes
        let bytes = (0..<Int(pixels[0])).map { pixels[$0 + 1] }
        let (script, name) = bytes.withUnsafeBytes { (Script($0), String(decoding: $0.dropFirst(6), as: UTF8.self)) }
        log(name)
        gate.pass()
        for _ in 0..<script.yields { sched_yield() }
        clock?.advance(ms: Int(script.inspectMs))
        frameMask.reset(width: image.width, height: image.height)
        for index in frameMask.pixels.indices where index < bytes.count { frameMask.pixels[index] = bytes[index] & 1 }
        var result = FrameResult(
            verdict: .pass, regions: [RegionResult(name: name, verdict: .pass, score: 0.5, agreement: 1)])
        (result.encodeNs, result.promptNs, result.measureNs) = (1, 2, 3)
        switch script.fate {
        case .pass, .decodeError: break
        case .review: result.verdict = .review
        case .fail: result.verdict = .fail
        case .modelError: throw FakeFailure(description: "not a number")
        case .noRegion:
            result.verdict = .uninspected
            result.reason = .noRegion
        }
        return FrameInspection(result: result, regionsRevision: "r1")
    }
}

/// Keeps all that was published and lets a test wait for it.
final class FakeSink: EventSink {
    struct Published: Sendable {
        var event: PipelineEvent
        var mask: [UInt8]
        var maskSize: PixelSize
        var overlay: [UInt8]
    }

    private let output: Output

    fileprivate init(_ output: Output) { self.output = output }

    func publish(_ event: VerdictEvent, pictures: FrameSlot?) {
        add(
            Published(
                event: .verdict(event), mask: pictures?.mask ?? [], maskSize: pictures?.maskSize ?? PixelSize(width: 0, height: 0),
                overlay: pictures?.overlay ?? []))
    }

    func publish(_ event: MissingEvent) {
        add(Published(event: .missing(event), mask: [], maskSize: PixelSize(width: 0, height: 0), overlay: []))
    }

    func publish(_ event: HeartbeatEvent) { output.add(.heartbeat(event)) }
    func publish(_ event: StatusEvent) { output.add(.status(event)) }
    func publish(_ event: HealthEvent) { output.add(.health(event)) }

    private func add(_ published: Published) {
        output.add(.event(published.event))
        output.all.update { $0.append(published) }
        output.continuation.yield(published)
    }

    /// What a sink has written, readable from the test.
    final class Output: Sendable {
        /// Whatever was published, in order.
        enum Word: Sendable {
            case event(PipelineEvent)
            case heartbeat(HeartbeatEvent)
            case status(StatusEvent)
            case health(HealthEvent)
        }

        let all = Monitor<[Published]>([])
        let words = Monitor<[Word]>([])
        /// Wakes whoever waits for a heartbeat or a status event.
        let (said, saying) = AsyncStream<Word>.makeStream()

        func add(_ word: Word) {
            words.update { $0.append(word) }
            if case .event = word { return }
            saying.yield(word)
        }

        let stream: AsyncStream<Published>
        let continuation: AsyncStream<Published>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }
    }
}

/// A pipeline of fakes.
final class Rig: Sendable {
    let feed: Feed
    let gate: Gate
    let clock: ManualClock?
    let output = FakeSink.Output()
    let pipeline: Pipeline

    init(
        _ settings: PipelineSettings, feed: Feed = Feed(), gate: Gate = Gate(open: true), clock: ManualClock? = nil,
        ledger: (@Sendable () throws -> any VerdictLedger)? = nil,
        source: (@Sendable () throws -> any FrameSource)? = nil, metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        taps: [any FrameTap] = [], onInspect: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.feed = feed
        self.gate = gate
        self.clock = clock
        let output = output
        let record = InspectionLog()
        log = record
        pipeline = Pipeline(
            settings: settings,
            stages: PipelineStages(
                makeSource: source ?? { FakeSource(feed: feed) },
                makeDecoder: { FakeDecoder(clock: clock) },
                makeInspector: {
                    FakeInspector(gate: gate, clock: clock) { name in
                        record.names.update { $0.append(name) }
                        onInspect(name)
                    }
                },
                makeSink: { FakeSink(output) }, makeLedger: ledger ?? { RunLedger() },
                interruptSource: { feed.interrupt() }, taps: taps),
            identity: PipelineIdentity(model: "m", build: "b"), clock: clock?.clock ?? .system, metrics: metrics,
            logger: quiet)
    }

    final class InspectionLog: Sendable { let names = Monitor<[String]>([]) }
    private let log: InspectionLog
    /// `camera sequence` of the frames that reached an inspector, in that order.
    var inspectionOrder: [String] { log.names.update { $0 } }

    var published: [FakeSink.Published] { output.all.update { $0 } }
    var verdicts: [VerdictEvent] { published.compactMap { if case .verdict(let event) = $0.event { event } else { nil } } }
    var missing: [MissingEvent] { published.compactMap { if case .missing(let event) = $0.event { event } else { nil } } }

    var words: [FakeSink.Output.Word] { output.words.update { $0 } }
    var heartbeats: [HeartbeatEvent] { words.compactMap { if case .heartbeat(let event) = $0 { event } else { nil } } }
    /// But for the station's states.
    var conditions: [StatusEvent.Condition] {
        words.compactMap { if case .status(let event) = $0, event.condition != .station { event.condition } else { nil } }
    }

    /// Another pipeline's, into the same output.
    func sink() -> FakeSink { FakeSink(output) }

    /// Runs until everything that was fed has its verdict.
    func runToEnd() async throws {
        feed.end()
        try await pipeline.start()
        try await pipeline.finished()
        await pipeline.ended()
    }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
