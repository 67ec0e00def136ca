import Imaging
import Inspection
import Streaming
import Testing

@testable import Service

@Suite struct RecentFramesTests {
    static func event(_ seq: UInt64, _ verdict: Verdict = .pass, camera: String = "c", utcNs: Int64 = 0, hash: String? = nil, regions: [RegionResult] = []) -> VerdictEvent {
        VerdictEvent(
            seq: seq, epoch: "e", camera: camera, sequence: seq, frameHash: hash, receivedUTCNs: utcNs, publishedUTCNs: utcNs, verdict: verdict, regions: regions,
            model: "m", build: "b")
    }

    static func payload(_ camera: String = "c", bytes: Int = 10) -> IncomingFrame {
        IncomingFrame(header: FrameHeader(format: .cameraStream, camera: camera, codec: .jpeg), payload: Payload(copying: [UInt8](repeating: 1, count: bytes)))
    }

    @Test func newest_IsThere_AndAFewBeforeIt() {
        let recent = RecentFrames()
        for seq in 1...10 as ClosedRange<UInt64> { recent.take(Self.event(seq, camera: seq % 2 == 0 ? "a" : "b"), frame: Self.payload(), draft: nil) }
        #expect(recent.cameras.map(\.name) == ["b", "a"] && recent.cameras.map(\.version) == [5, 5])
        #expect(recent.latest(of: "a")?.event.seq == 10 && recent.latest(of: "x") == nil)
        #expect(recent.frame(seq: 4) != nil && recent.frame(seq: 2) == nil)
    }

    @Test func failures_AreBounded_ByNumberAndByBytes() {
        let recent = RecentFrames()
        for seq in 1...100 as ClosedRange<UInt64> { recent.take(Self.event(seq, seq % 2 == 0 ? .fail : .pass), frame: Self.payload(), draft: nil) }
        #expect(recent.failures.count == 50 && recent.failures.last.map(\.event.seq) == stride(from: 54, through: 100, by: 2).map { UInt64($0) })
        for seq in 101...110 as ClosedRange<UInt64> { recent.take(Self.event(seq, .review), frame: Self.payload(bytes: 20 << 20), draft: nil) }
        #expect(recent.failures.last.map(\.event.seq) == [108, 109, 110])
        #expect(!recent.hold(Self.payload(bytes: 40 << 20)))
    }

    @Test func draftIsWanted_ForAWhile() {
        let clock = ManualClock(), recent = RecentFrames(clock: clock.clock)
        #expect(!recent.wantsDraft)
        recent.wantDraft()
        #expect(recent.wantsDraft)
        clock.advance(ms: 3001)
        #expect(!recent.wantsDraft)
    }

    @Test func pipeline_ShowsEveryVerdictWithItsFrame_ToEachTap() async throws {
        let one = RecentFrames(), two = RecentFrames(), rig = Rig(PipelineSettings(), taps: [one, two])
        try await rig.pipeline.start()
        rig.feed.send((1...5).map { frame("line1/top", $0, Script(fate: $0 == 3 ? .fail : .pass)) })
        rig.feed.end()
        try await rig.pipeline.finished()
        for recent in [one, two] {
            #expect(recent.latest(of: "line1/top")?.event.sequence == 5 && recent.latest(of: "line1/top")?.frame != nil)
            #expect(recent.failures.last.map(\.event.sequence) == [3])
            #expect(recent.yield.spans.reduce(0) { $0 + $1.pass + $1.fail } == 5)
        }
    }

    @Test func chart_CountsByFiveMinutes_DropsWhatIsOld_AndTakesUpWhatWasBefore() {
        var chart = YieldChart()
        let minute: Int64 = 60_000_000_000
        for number in 0..<20 { chart.count(number % 5 == 0 ? .fail : .pass, utcNs: Int64(number) * minute) }
        #expect(chart.spans.map(\.start) == [0, 300, 600, 900] && chart.spans.allSatisfy { $0.pass == 4 && $0.fail == 1 })
        chart.add([300: ["pass": 3, "nonsense": 9], 1200: ["review": 2]])
        #expect(chart.spans.map(\.start) == [0, 300, 600, 900, 1200] && chart.spans[1].pass == 7 && chart.spans[4].review == 2)
        chart.count(.pass, utcNs: minute)
        #expect(chart.spans[4].pass == 1, "a clock that was set back counts on where it was")
        chart.count(.uninspected, utcNs: 13 * 60 * minute)
        #expect(chart.spans.map(\.start) == [13 * 3600])
    }
}
