import Inspection
import Testing

@testable import Service

@Suite struct PipelineShutdownTests {
    private func settings(_ change: (inout PipelineSettings) -> Void = { _ in }) -> PipelineSettings {
        var settings = PipelineSettings()
        settings.shutdownMs = 600_000
        settings.abandonMs = 600_000
        change(&settings)
        return settings
    }

    /// Frames wait behind a closed gate: the first is being inspected, and all have been received.
    private func loaded(_ settings: PipelineSettings, frames: UInt64) async throws -> (rig: Rig, gate: Gate) {
        let gate = Gate(open: false)
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let (working, work) = AsyncStream<Void>.makeStream()
        let feed = Feed { if $0 == Int(frames) + 1 { arrival.finish() } }
        let rig = Rig(settings, feed: feed, gate: gate, onInspect: { _ in work.finish() })
        try await rig.pipeline.start()
        // The notice comes after the last frame: when it is handed out, that frame is in the queue.
        feed.send((1...frames).map { frame("c", $0) } + [.notice(topic: "status/c")])
        for await _ in arrived {}
        for await _ in working {}
        return (rig, gate)
    }

    @Test func drain_InspectsWhatIsQueued() async throws {
        let (rig, gate) = try await loaded(settings(), frames: 8)
        rig.pipeline.drain()
        gate.open()
        try await rig.pipeline.finished()
        #expect(rig.verdicts.map(\.sequence) == Array(1...8))
        #expect(rig.pipeline.snapshot.pass == 8)
    }

    @Test func discard_MarksWhatWasNotStarted_AndWaitsForWhatWas() async throws {
        let (rig, gate) = try await loaded(settings(), frames: 8)
        rig.pipeline.drain()
        rig.pipeline.discard()
        gate.open()
        try await rig.pipeline.finished()
        #expect(rig.verdicts.map(\.sequence) == Array(1...8))
        #expect(rig.verdicts[0].verdict == .pass)
        #expect(rig.verdicts.dropFirst().allSatisfy { $0.reason == .shutdown })
    }

    @Test func drain_IsCutShort_WhenItsTimeIsOver() async throws {
        let (rig, gate) = try await loaded(settings { $0.shutdownMs = 0; $0.abandonMs = 0 }, frames: 8)
        rig.pipeline.drain()
        // The gate stays closed: only the time limits can end this.
        try await rig.pipeline.finished()
        #expect(rig.verdicts.map(\.sequence) == Array(1...8))
        #expect(rig.verdicts.allSatisfy { $0.reason == .shutdown })
        #expect(rig.pipeline.snapshot.inFlight == 0)
        gate.open()
        await rig.pipeline.ended()
        #expect(rig.verdicts.count == 8)
    }

    @Test func blockedReceiver_IsFreedByDiscard_AndItsFrameHasAVerdict() async throws {
        let gate = Gate(open: false)
        let feed = Feed()
        let rig = Rig(settings { $0.policy = .block; $0.queuePerCamera = 1; $0.abandonMs = 0 }, feed: feed, gate: gate)
        feed.send((1...20).map { frame("c", $0) })
        try await rig.pipeline.start()
        rig.pipeline.discard()
        try await rig.pipeline.finished()
        let counters = rig.pipeline.snapshot
        #expect(counters.received == UInt64(feed.received) && counters.inFlight == 0)
        #expect(rig.verdicts.map(\.sequence) == Array(1..<(counters.received + 1)))
        gate.open()
        await rig.pipeline.ended()
    }
}
