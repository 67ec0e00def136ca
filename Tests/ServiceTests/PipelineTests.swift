import Foundation
import Imaging
import Inspection
import Streaming
import Synchronization
import Testing

@testable import Service

@Suite struct PipelineTests {
    private func settings(_ change: (inout PipelineSettings) -> Void = { _ in }) -> PipelineSettings {
        var settings = PipelineSettings()
        settings.policy = .block
        change(&settings)
        return settings
    }

    @Test func everyFate_HasItsVerdictAndReason() async throws {
        let rig = Rig(settings())
        rig.feed.send(Script.Fate.allCases.enumerated().map { frame("c", UInt64($0.offset), Script(fate: $0.element), partID: "p\($0.offset)") })
        rig.feed.send([.unusable(camera: "c", sequence: 6, partID: "p6", problem: "payload is 3 bytes short")])
        rig.feed.send([.notice(topic: "status/c"), .rejected(problem: "no camera")])
        try await rig.runToEnd()
        let verdicts = rig.verdicts
        #expect(verdicts.map(\.sequence) == Array(0...6))
        #expect(verdicts.map(\.partID) == (0...6).map { "p\($0)" })
        #expect(verdicts.map(\.verdict) == [.pass, .review, .fail, .uninspected, .uninspected, .uninspected, .uninspected])
        #expect(verdicts.map(\.reason) == [nil, nil, nil, .decodeError, .modelError, .noRegion, .decodeError])
        #expect(verdicts[3].detail == "cut short")
        #expect(verdicts[4].detail == "not a number")
        #expect(verdicts[6].detail == "payload is 3 bytes short")
        #expect(verdicts.map(\.seq) == Array(1...7))
        #expect(Set(verdicts.map(\.epoch)).count == 1 && verdicts[0].epoch.count == 16)
        #expect(verdicts.map(\.arrival) == [.first] + Array(repeating: .next, count: 6))
        #expect(verdicts.allSatisfy { $0.session == 1 && $0.durability == EventDurability.none })
        #expect(verdicts.prefix(6).allSatisfy { $0.frameHash?.count == 64 && $0.trigger == 3 && $0.capturedUTCNs == 7 })
        #expect(verdicts[0].regions.first?.name == "c 0" && verdicts[0].roiRevision == "r1")
        #expect(verdicts[0].model == "m" && verdicts[0].build == "b")
        #expect(Set(verdicts[0].latencyNs.keys) == ["queue", "decode", "encode", "prompt", "measure", "order", "total"])
        #expect(rig.pipeline.snapshot.rejected == 1 && rig.pipeline.snapshot.received == 7)
    }

    @Test func missingFrames_AreReportedBeforeTheNextVerdict() async throws {
        let rig = Rig(settings { $0.workers = 3 })
        rig.feed.send([1, 2, 6, 7, 9].map { frame("c", $0) } + [frame("d", 1), frame("d", 3)])
        try await rig.runToEnd()
        let row = rig.published.compactMap { published -> String? in
            switch published.event {
            case .missing(let event) where event.camera == "c": "\(event.first)-\(event.last)"
            case .verdict(let event) where event.camera == "c": "\(event.sequence)"
            default: nil
            }
        }
        #expect(row == ["1", "2", "3-5", "6", "7", "8-8", "9"])
        #expect(rig.missing.count == 3)
        #expect(rig.pipeline.snapshot.missing == 5)
        let numbers = rig.published.map { published in
            switch published.event {
            case .missing(let event): event.seq
            case .verdict(let event): event.seq
            }
        }
        #expect(numbers == Array(1...10))
    }

    @Test func flood_DropsTheOldest_AndEachDroppedFrameHasItsVerdict() async throws {
        let gate = Gate(open: false)
        // Opened once the receiver asks for more after the last frame: everything has been received by then.
        let feed = Feed { if $0 == nil { gate.open() } }
        let rig = Rig(settings { $0.policy = .dropOldest; $0.queuePerCamera = 2 }, feed: feed, gate: gate)
        rig.feed.send((1...50).map { frame("c", $0) })
        try await rig.runToEnd()
        #expect(rig.verdicts.map(\.sequence) == Array(1...50))
        let counters = rig.pipeline.snapshot
        // Two wait in the queue; one can be with each of the decoder, the worker and the place between them.
        #expect((2...5).contains(counters.pass))
        #expect(counters.uninspected == [.overload: 50 - counters.pass])
        #expect(rig.verdicts.suffix(2).allSatisfy { $0.verdict == .pass })
    }

    @Test func floodingCamera_DoesNotStarveAnother() async throws {
        let gate = Gate(open: false)
        let feed = Feed { if $0 == nil { gate.open() } }
        let rig = Rig(settings { $0.policy = .dropOldest; $0.queuePerCamera = 8 }, feed: feed, gate: gate)
        rig.feed.send((1...200).map { frame("flood", $0) })
        rig.feed.send((1...3).map { frame("calm", $0) })
        rig.feed.send((201...400).map { frame("flood", $0) })
        try await rig.runToEnd()
        #expect(rig.verdicts.filter { $0.camera == "calm" }.map(\.verdict) == [.pass, .pass, .pass])
        // At most three of the flood are past the queue; from then on they take turns.
        let last = rig.inspectionOrder.lastIndex(of: "calm 3")
        #expect(last.map { $0 < 3 + 2 * 3 } == true)
    }

    @Test func blocking_DropsNothing() async throws {
        let rig = Rig(settings { $0.queuePerCamera = 1; $0.workers = 2 })
        rig.feed.send((1...300).map { frame("c\($0 % 3)", $0 / 3, Script(yields: UInt8($0 % 5))) })
        try await rig.runToEnd()
        #expect(rig.pipeline.snapshot.pass == 300)
    }

    @Test func deadline_IsCheckedBeforeAndAfterInspection() async throws {
        let clock = ManualClock()
        let rig = Rig(settings { $0.deadlineMs = 40 }, clock: clock)
        var output = rig.output.stream.makeAsyncIterator()
        try await rig.pipeline.start()
        let scripts = [
            Script(), Script(inspectMs: 41), Script(decodeMs: 41), Script(decodeMs: 20, inspectMs: 20), Script(decodeMs: 20, inspectMs: 21),
        ]
        for (index, script) in scripts.enumerated() {
            rig.feed.send([frame("c", UInt64(index), script)])
            _ = await output.next()
        }
        rig.feed.end()
        try await rig.pipeline.finished()
        #expect(rig.verdicts.map(\.reason) == [nil, .deadline, .deadline, nil, .deadline])
        #expect(rig.inspectionOrder == ["c 0", "c 1", "c 3", "c 4"])
        #expect(rig.verdicts[1].detail == "inspection ended 1 ms after the deadline")
        #expect(rig.verdicts[2].detail == "its turn came 1 ms after the deadline")
        #expect(rig.verdicts[1].latencyNs["total"] == 41_000_000)
    }

    @Test func cameras_BeyondTheLimit_AreRejected() async throws {
        let rig = Rig(settings { $0.maxCameras = 2 })
        rig.feed.send((0..<500).map { frame("c\($0)", 1) } + [frame("c1", 2)])
        try await rig.runToEnd()
        #expect(rig.verdicts.map(\.camera).sorted() == ["c0", "c1", "c1"])
        #expect(rig.pipeline.snapshot.rejected == 498 && rig.pipeline.snapshot.received == 3)
    }

    @Test func masksAndOverlays_AreThoseOfTheirFrame() async throws {
        let rig = Rig(settings { $0.workers = 3; $0.publishesMasks = true; $0.publishesOverlays = true })
        for number in UInt64(0)..<200 {
            let script = Script(
                fate: number % 7 == 3 ? .review : .fail, width: UInt8(20 + number % 50), height: UInt8(3 + number % 20),
                yields: UInt8(number % 11))
            rig.feed.send([frame("c", number, script)])
        }
        try await rig.runToEnd()
        #expect(rig.published.count == 200)
        for (index, published) in rig.published.enumerated() {
            let (width, height) = (20 + index % 50, 3 + index % 20)
            #expect(published.maskSize == PixelSize(width: width, height: height))
            let name = Array("c \(index)".utf8)
            #expect(published.mask.count == width * height)
            #expect(Array(published.mask.dropFirst(6).prefix(name.count)) == name.map { $0 & 1 == 0 ? 0 : 255 })
            #expect(published.overlay == (index % 7 == 3 ? [] : Array("c \(index) \(width) \(width)".utf8)))
        }
    }

    @Test func partThatCannotBeMade_EndsTheStart() async throws {
        let rig = Rig(settings(), source: { throw FakeFailure(description: "address in use") })
        await #expect(throws: FakeFailure.self) { try await rig.pipeline.start() }
        #expect(rig.published.isEmpty)
    }

    @Test func failingLedger_PublishesNothingMore_AndEndsThePipeline() async throws {
        struct FullDisk: VerdictLedger {
            let inner = RunLedger()
            var epoch: String { inner.epoch }
            var lastSeq: UInt64 { inner.lastSeq }
            var durability: EventDurability { .none }
            func tidy(utcNs: Int64) {}
            func commit(_ events: inout [PipelineEvent]) throws {
                inner.commit(&events)
                if case .verdict(let event) = events.last, event.seq > 3 { throw FakeFailure(description: "no space left") }
            }
        }
        let rig = Rig(settings { $0.commitBatch = 1 }, ledger: { FullDisk() })
        rig.feed.send((1...50).map { frame("c", $0) })
        try await rig.pipeline.start()
        await #expect(throws: FakeFailure.self) { try await rig.pipeline.finished() }
        await rig.pipeline.ended()
        #expect(rig.verdicts.map(\.seq) == [1, 2, 3])
        let counters = rig.pipeline.snapshot
        #expect(counters.inFlight == 0 && counters.unpublished == counters.received - 3)
    }

    @Test func sourceThatFails_DrainsAndReports() async throws {
        struct Broken: FrameSource {
            let feed: Feed
            func receive(timeoutMs: Int) throws -> Reception {
                if case .message(let message) = FakeSource(feed: feed).receive(timeoutMs: timeoutMs) { return .message(message) }
                throw FakeFailure(description: "socket gone")
            }
        }
        let feed = Feed()
        let rig = Rig(settings(), feed: feed, source: { Broken(feed: feed) })
        feed.send((1...5).map { frame("c", $0) })
        feed.end()
        try await rig.pipeline.start()
        await #expect(throws: FakeFailure.self) { try await rig.pipeline.finished() }
        #expect(rig.verdicts.map(\.verdict) == Array(repeating: .pass, count: 5))
    }
}
