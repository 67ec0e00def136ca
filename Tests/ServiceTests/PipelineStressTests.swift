import Inspection
import Streaming
import Imaging
import Testing

@testable import Service

/// Many cameras, sizes, delays and failures at once, and a stop somewhere in the middle.
// One case after the other: a case has up to nine threads, and Dispatch stops making threads near 255.
@Suite(.serialized) struct PipelineStressTests {
    enum Ending: CaseIterable { case feedEnds, drain, drainThenDiscard, discard, abandon }

    struct Case: CustomStringConvertible {
        var seed: UInt64
        var ending: Ending
        var policy: OverflowPolicy
        var description: String { "seed \(seed), \(ending), \(policy.rawValue)" }
    }

    static let cases: [Case] = (0..<4).flatMap { round in
        Ending.allCases.enumerated().flatMap { index, ending in
            OverflowPolicy.allCases.map { Case(seed: UInt64(round * 16 + index), ending: ending, policy: $0) }
        }
    }

    @Test(arguments: cases) func everyReceivedFrame_HasOneVerdict_InOrder(_ test: Case) async throws {
        var generator = SeededGenerator(seed: test.seed)
        var settings = PipelineSettings()
        settings.policy = test.policy
        settings.workers = Int.random(in: 1...4, using: &generator)
        settings.decoders = Int.random(in: 1...3, using: &generator)
        settings.queuePerCamera = Int.random(in: 1...6, using: &generator)
        settings.outstandingPerCamera = Int.random(in: 8...64, using: &generator)
        settings.commitBatch = Int.random(in: 1...8, using: &generator)
        settings.publishesMasks = Bool.random(using: &generator)
        settings.shutdownMs = 600_000
        settings.abandonMs = 600_000

        let total = 1500
        let stopAt = Int.random(in: 100...1200, using: &generator)
        let (stops, stop) = AsyncStream<Void>.makeStream()
        let feed = Feed { if $0 == stopAt { stop.finish() } }
        feed.send(messages(total, using: &generator))
        feed.end()

        let rig = Rig(settings, feed: feed)
        try await rig.pipeline.start()
        for await _ in stops {}
        switch test.ending {
        case .feedEnds: break
        case .drain: rig.pipeline.drain()
        case .drainThenDiscard:
            rig.pipeline.drain()
            rig.pipeline.discard()
        case .discard: rig.pipeline.discard()
        case .abandon:
            rig.pipeline.discard()
            rig.pipeline.abandon()
        }
        try await rig.pipeline.finished()
        await rig.pipeline.ended()

        let counters = rig.pipeline.snapshot
        if test.ending == .feedEnds { #expect(feed.received == total) }
        #expect(counters.received + counters.rejected == UInt64(feed.received))
        #expect(counters.inFlight == 0)
        #expect(counters.verdicts == UInt64(rig.verdicts.count))
        #expect(counters.unpublished == 0)
        if test.ending == .feedEnds, test.policy == .block { #expect(counters.uninspected[.overload] == nil) }
        if test.ending == .feedEnds || test.ending == .drain { #expect(counters.uninspected[.shutdown] == nil) }

        check(rig)
    }

    /// Five cameras with gaps; some messages unusable, some naming no camera.
    private func messages(_ count: Int, using generator: inout SeededGenerator) -> [Incoming] {
        var next: [UInt64] = [0, 1, 500, UInt64.max - 40, 7]
        return (0..<count).map { _ in
            let camera = Int.random(in: 0..<next.count, using: &generator)
            // The first camera floods now and then.
            let lane = Int.random(in: 0..<3, using: &generator) == 0 ? 0 : camera
            if Int.random(in: 0..<40, using: &generator) == 0 { return .rejected(problem: "noise") }
            if lane != 3, Int.random(in: 0..<30, using: &generator) == 0 { next[lane] &+= 3 }
            defer { next[lane] &+= 1 }
            if Int.random(in: 0..<40, using: &generator) == 0 {
                return .unusable(camera: "c\(lane)", sequence: next[lane], partID: nil, problem: "cut")
            }
            let script = Script(
                fate: Script.Fate.allCases.randomElement(using: &generator) ?? .pass,
                width: .random(in: 16...200, using: &generator), height: .random(in: 2...60, using: &generator),
                yields: .random(in: 0...20, using: &generator))
            return frame("c\(lane)", next[lane], script)
        }
    }

    private func check(_ rig: Rig) {
        var seq: UInt64 = 0
        var last: [String: UInt64] = [:]
        var announced: [String: UInt64] = [:]
        for published in rig.published {
            seq += 1
            switch published.event {
            case .missing(let event):
                #expect(event.seq == seq)
                #expect(last[event.camera].map { $0 &+ 1 } == event.first)
                announced[event.camera] = event.last
            case .verdict(let event):
                #expect(event.seq == seq)
                let before = announced[event.camera] ?? last[event.camera]
                if let before { #expect(event.sequence == before &+ 1, "a camera's verdicts leave in the order of its frames") }
                announced[event.camera] = nil
                last[event.camera] = event.sequence
                #expect((event.verdict == .uninspected) == (event.reason != nil))
                if event.verdict != .uninspected {
                    #expect(event.regions.first?.name == "\(event.camera) \(event.sequence)", "the frame that was inspected is its own")
                }
            }
        }
        #expect(rig.missing.reduce(0) { $0 + $1.last - $1.first + 1 } == rig.pipeline.snapshot.missing)
    }
}
