import Foundation
import Imaging
import Inspection
import Streaming
import Testing

@testable import Service

/// The pipeline of the other tests, over real ZeroMQ sockets: only decoding and inspecting are fakes.
@Suite struct SocketPipelineTests {
    /// A line and a watcher around a pipeline that subscribes to one and publishes to the other.
    private func run(
        _ settings: PipelineSettings, frames: UInt64, skipping: Set<UInt64> = [], stop: @escaping @Sendable (Pipeline) -> Void
    ) async throws -> (events: [PipelineEvent], topics: [String], counters: PipelineCounters) {
        let folder = try TemporaryFolder()
        let input = "ipc://\(folder.path)/in", output = "ipc://\(folder.path)/out"
        let intake = try MessagingContext(), publishing = try MessagingContext(), outside = try MessagingContext()
        let gate = Gate(open: true)
        let pipeline = Pipeline(
            settings: settings,
            stages: PipelineStages(
                makeSource: {
                    var subscription = Configuration.Subscription()
                    subscription.endpoints = [Endpoint(.connect, input)]
                    return try SocketSource(context: intake, subscription: subscription, limits: Configuration.Limits(), board: SubscriptionBoard())
                },
                makeDecoder: { FakeDecoder(clock: nil) },
                makeInspector: { FakeInspector(gate: gate, clock: nil) { _ in } },
                makeSink: { try SocketSink(context: publishing, endpoints: [Endpoint(.bind, output)]) },
                interruptSource: { intake.shutdown() }),
            identity: PipelineIdentity(model: "m", build: "b"), logger: quiet)
        try await pipeline.start()

        let expected = frames - UInt64(skipping.count)
        let (subscribed, subscription) = AsyncStream<Void>.makeStream()
        let watcher = Task.onThread { () -> (events: [PipelineEvent], topics: [String]) in
            var seen: (events: [PipelineEvent], topics: [String]) = ([], [])
            do {
                let subscriber = try EventSubscriber(context: outside, endpoints: [Endpoint(.connect, output)], topics: [""])
                subscription.finish()
                var verdicts: UInt64 = 0
                // Long enough for a slow machine; without events it ends as a failure, not as a hang.
                while verdicts < expected, let parts = try subscriber.receive(timeoutMs: 20_000) {
                    let topic = String(decoding: parts[0], as: UTF8.self)
                    seen.topics.append(topic)
                    if topic.hasSuffix("/verdict") {
                        seen.events.append(.verdict(try JSONDecoder().decode(VerdictEvent.self, from: Data(parts[1]))))
                        verdicts += 1
                    } else if topic.hasSuffix("/missing") {
                        seen.events.append(.missing(try JSONDecoder().decode(MissingEvent.self, from: Data(parts[1]))))
                    }
                }
            } catch {
                Issue.record(error)
                subscription.finish()
            }
            return seen
        }
        for await _ in subscribed {}
        let line = Task.onThread { () -> Void in
            do {
                let publisher = try Publisher(context: outside, endpoints: [Endpoint(.bind, input)])
                guard try publisher.waitForSubscribers(timeoutMs: 20_000) else {
                    Issue.record("the pipeline did not subscribe")
                    return
                }
                for number in 0..<frames where !skipping.contains(number) {
                    let payload = Script().bytes + Array("line1/top \(number)".utf8)
                    try payload.withUnsafeBytes {
                        try publisher.send(
                            frame: FrameHeader(format: .cameraStream, camera: "line1/top", codec: .jpeg, sequence: number, partID: "p\(number)"),
                            stream: "color", pixelFormat: "bgr8", codecName: "jpeg", size: PixelSize(width: 16, height: 4), payload: $0)
                    }
                    // The line is slower than the socket's high-water mark: nothing is lost that the test does not skip.
                    while pipeline.snapshot.received + 8 + UInt64(skipping.count { $0 <= number }) < number, !pipeline.isEnding { sched_yield() }
                }
            } catch {
                Issue.record(error)
            }
        }
        await line.value
        let seen = await watcher.value
        stop(pipeline)
        try await pipeline.finished()
        await pipeline.ended()
        return (seen.events, seen.topics, pipeline.snapshot)
    }

    @Test func framesInVerdictsOut_InOrder_WithWhatIsMissing() async throws {
        var settings = PipelineSettings()
        settings.policy = .block
        settings.workers = 2
        let (events, _, counters) = try await run(settings, frames: 200, skipping: [50, 51, 120]) { $0.drain() }
        var row: [UInt64] = [], missing: [ClosedRange<UInt64>] = [], numbers: [UInt64] = []
        for event in events {
            switch event {
            case .verdict(let event):
                row.append(event.sequence)
                numbers.append(event.seq)
                #expect(event.verdict == .pass && event.partID == "p\(event.sequence)" && event.camera == "line1/top")
                #expect(event.regions.first?.name == "line1/top \(event.sequence)")
            case .missing(let event):
                missing.append(event.first...event.last)
                numbers.append(event.seq)
            }
        }
        #expect(row == (0..<200).filter { ![50, 51, 120].contains($0) })
        #expect(missing == [50...51, 120...120])
        #expect(numbers == Array(1...199))
        #expect(counters.received == 197 && counters.inFlight == 0 && counters.missing == 3)
    }

    @Test func masksAndOverlays_AreFramesOfTheirOwnTopics() async throws {
        var settings = PipelineSettings()
        settings.policy = .block
        settings.publishesMasks = true
        settings.publishesOverlays = true
        let (_, topics, _) = try await run(settings, frames: 3) { $0.discard() }
        // The last frame's pictures follow its verdict, with which the watcher stops.
        #expect(topics.filter { $0 == "line1/top/verdict" }.count == 3)
        #expect(topics.filter { $0 == "line1/top/mask" }.count == 2)
        #expect(topics.filter { $0 == "line1/top/overlay/color" }.count == 2)
        #expect(topics.contains("status/snapshot"))
    }

    @Test func addressInUse_EndsTheStart() async throws {
        let folder = try TemporaryFolder()
        let address = Endpoint(.bind, "ipc://\(folder.path)/out")
        let context = try MessagingContext()
        let rig = PipelineStages(
            makeSource: { FakeSource(feed: Feed()) }, makeDecoder: { FakeDecoder(clock: nil) },
            makeInspector: { FakeInspector(gate: Gate(open: true), clock: nil) { _ in } },
            makeSink: { try SocketSink(context: context, endpoints: [Endpoint(.bind, "tcp://256.0.0.1:1"), address]) })
        let pipeline = Pipeline(
            settings: PipelineSettings(), stages: rig, identity: PipelineIdentity(model: "m", build: "b"), logger: quiet)
        await #expect(throws: StreamingError.self) { try await pipeline.start() }
    }
}

extension Pipeline {
    fileprivate var isEnding: Bool { phase >= .draining }
}
