import Foundation
import Inspection
import Testing

@testable import Service

/// What the pipeline does with a ledger that fails. The time between two attempts passes for real; nothing depends on how long it is.
@Suite struct LedgerFailureTests {
    private struct Refusal: LedgerFailure, CustomStringConvertible {
        var isTemporary: Bool
        var description: String { isTemporary ? "held by another" : "out of order" }
    }

    /// Answers each attempt as it is told, and everything after that well. Sees whether anything was published that it did not commit.
    private final class Script: Sendable {
        enum Step { case take, refuse, fail }

        struct State {
            var steps: [Step]
            var attempts = 0
            var committed = 0
            var early = 0
            var output: FakeSink.Output?
        }

        let state: Monitor<State>
        let onAttempt: @Sendable () -> Void

        init(_ steps: [Step], onAttempt: @escaping @Sendable () -> Void = {}) {
            state = Monitor(State(steps: steps))
            self.onAttempt = onAttempt
        }

        func attempt(_ count: Int) throws {
            onAttempt()
            let step = state.update { state -> Step in
                state.attempts += 1
                let published = state.output?.all.read { $0.count } ?? 0
                if published != state.committed { state.early += 1 }
                let step = state.steps.isEmpty ? .take : state.steps.removeFirst()
                if step == .take { state.committed += count }
                return step
            }
            if step != .take { throw Refusal(isTemporary: step == .refuse) }
        }
    }

    private struct ScriptedLedger: VerdictLedger {
        let script: Script
        let inner = RunLedger()
        var epoch: String { inner.epoch }
        var lastSeq: UInt64 { inner.lastSeq }
        var durability: EventDurability { .full }
        func tidy(utcNs: Int64) throws { throw Refusal(isTemporary: false) }

        func commit(_ events: inout [PipelineEvent]) throws {
            try script.attempt(events.count)
            inner.commit(&events)
        }
    }

    private func rig(_ script: Script, clock: ManualClock? = ManualClock(), feed: Feed = Feed(), _ change: (inout PipelineSettings) -> Void = { _ in }) -> Rig {
        var settings = PipelineSettings()
        settings.policy = .block
        settings.shutdownMs = 600_000
        settings.abandonMs = 600_000
        change(&settings)
        let rig = Rig(settings, feed: feed, clock: clock, ledger: { ScriptedLedger(script: script) })
        script.state.update { $0.output = rig.output }
        return rig
    }

    @Test func temporaryFailure_IsTold_AndNothingIsPublishedBeforeItIsCommitted() async throws {
        let script = Script([.take, .refuse, .refuse, .take, .refuse])
        let rig = rig(script) { $0.commitBatch = 3 }
        rig.feed.send([1, 2, 3, 5, 6, 7, 8, 11, 12].map { frame("c", $0) })
        try await rig.runToEnd()
        #expect(rig.verdicts.map(\.sequence) == [1, 2, 3, 5, 6, 7, 8, 11, 12])
        #expect(rig.verdicts.map(\.seq) + rig.missing.map(\.seq) == [1, 2, 3, 5, 6, 7, 8, 10, 11, 4, 9])
        #expect(rig.verdicts.allSatisfy { $0.verdict == .pass })
        // Each failure of a row is told once in a second, and the clock stands still.
        #expect(rig.conditions == [.journalFailing, .journalRecovered, .journalFailing, .journalRecovered])
        #expect(script.state.read { $0.early } == 0 && script.state.read { $0.committed } == 11)
        let counters = rig.pipeline.snapshot
        #expect(counters.commitFailures == 3 && counters.unpublished == 0 && counters.inFlight == 0)
        #expect(counters.summary.contains("failed commits 3"))
    }

    @Test func failureForGood_PublishesNothingMore_EvenIfTheLedgerWouldTakeIt() async throws {
        let script = Script([.take, .take, .fail])
        let rig = rig(script) { $0.commitBatch = 1 }
        rig.feed.send((1...40).map { frame("c", $0) })
        try await rig.pipeline.start()
        await #expect(throws: Refusal.self) { try await rig.pipeline.finished() }
        await rig.pipeline.ended()
        #expect(rig.verdicts.map(\.seq) == [1, 2])
        #expect(rig.conditions == [.journalFailed])
        #expect(script.state.read { $0.attempts } == 3, "a hole in the row is worse than its end")
        #expect(script.state.read { $0.early } == 0)
        let counters = rig.pipeline.snapshot
        #expect(counters.inFlight == 0 && counters.received >= 3 && counters.unpublished == counters.received - 2)
    }

    @Test func patience_EndsWithTheClock() async throws {
        let clock = ManualClock()
        let script = Script(Array(repeating: .refuse, count: 1000)) { clock.advance(ms: 2000) }
        let rig = rig(script, clock: clock)
        rig.feed.send([frame("c", 1), frame("c", 2)])
        try await rig.pipeline.start()
        await #expect(throws: Refusal.self) { try await rig.pipeline.finished() }
        await rig.pipeline.ended()
        // After two and four seconds; the patience of five is over at six.
        #expect(script.state.read { $0.attempts } == 3)
        #expect(rig.conditions == [.journalFailing, .journalFailing, .journalFailed])
        #expect(rig.published.isEmpty && rig.pipeline.snapshot.inFlight == 0)
    }

    @Test func stopAtOnce_DoesNotWaitForALedger() async throws {
        let script = Script(Array(repeating: .refuse, count: 1_000_000))
        let rig = rig(script)
        rig.feed.send([frame("c", 1)])
        try await rig.pipeline.start()
        for await word in rig.output.said {
            if case .status(let event) = word, event.condition == .journalFailing { break }
        }
        rig.pipeline.discard()
        await #expect(throws: Refusal.self) { try await rig.pipeline.finished() }
        await rig.pipeline.ended()
        #expect(rig.published.isEmpty && rig.conditions.last == .journalFailed)
        #expect(rig.pipeline.snapshot.unpublished == 1 && rig.pipeline.snapshot.inFlight == 0)
    }

    /// Its `tidy` fails as well; that ends nothing.
    @Test func heartbeats_SayHowFarTheRowIs() async throws {
        let clock = ManualClock()
        let rig = rig(Script([]), clock: clock)
        var said = rig.output.said.makeAsyncIterator(), output = rig.output.stream.makeAsyncIterator()
        try await rig.pipeline.start()
        guard case .heartbeat(let first)? = await said.next() else { return #expect(Bool(false), "the first thing said is a heartbeat") }
        #expect(first.seq == 0 && first.durability == .full && first.publishedUTCNs == clock.clock.utcNs())
        rig.feed.send([frame("c", 1), frame("c", 3)])
        for _ in 0..<3 { _ = await output.next() }
        clock.advance(ms: 1000)
        guard case .heartbeat(let second)? = await said.next() else { return #expect(Bool(false), "a second later comes another") }
        #expect(second.seq == 3 && second.epoch == first.epoch && second.epoch == rig.verdicts.first?.epoch)
        #expect(second.publishedUTCNs == first.publishedUTCNs + 1_000_000_000)
        rig.feed.end()
        try await rig.pipeline.finished()
        #expect(rig.heartbeats.count == 2 && rig.verdicts.count == 2)
    }

    @Test func statusEvents_ArePublishedInTheirOrder_AndBounded() async throws {
        let rig = rig(Script([]))
        for number in 0..<100 { rig.pipeline.status.say(number % 2 == 0 ? .regionsReplaced : .regionsRefused, "\(number)") }
        var said = rig.output.said.makeAsyncIterator(), details: [String] = []
        try await rig.pipeline.start()
        while details.count < 64, let word = await said.next() {
            if case .status(let event) = word { details.append(event.detail) }
        }
        rig.pipeline.status.say(.recordingStopped, "the last")
        while details.last != "the last", let word = await said.next() {
            if case .status(let event) = word { details.append(event.detail) }
        }
        rig.feed.end()
        try await rig.pipeline.finished()
        #expect(details == (0..<64).map(String.init) + ["the last"])
        #expect(rig.conditions.prefix(2) == [.regionsReplaced, .regionsRefused])
    }
}

@Suite struct EventNumberingTests {
    private func verdict(_ camera: String, _ sequence: UInt64, _ arrival: FrameArrival) -> PipelineEvent {
        .verdict(VerdictEvent(seq: 0, epoch: "", camera: camera, sequence: sequence, arrival: arrival, receivedUTCNs: 0, publishedUTCNs: 0, verdict: .pass, model: "m", build: "b"))
    }

    private func missing(_ camera: String) -> PipelineEvent { .missing(MissingEvent(seq: 0, epoch: "", camera: camera, first: 1, last: 2, publishedUTCNs: 0)) }

    @Test func sessions_BeginWithTheirFirstFrame() {
        var numbering = EventNumbering(epoch: "e", durability: .normal, lastSeq: 100)
        var events = [
            verdict("a", 5, .first), verdict("b", 0, .first), verdict("a", 6, .next), missing("a"), verdict("a", 9, .gap), verdict("b", 0, .restart),
            verdict("a", 9, .duplicate), verdict("a", 7, .late), verdict("b", 1, .next), verdict("a", 0, .next), verdict("a", 1, .next),
        ]
        numbering.number(&events)
        let rows = events.map { event -> (seq: UInt64, session: UInt64?, epoch: String, durability: EventDurability?) in
            switch event {
            case .verdict(let event): (event.seq, event.session, event.epoch, event.durability)
            case .missing(let event): (event.seq, event.session, event.epoch, event.durability)
            }
        }
        #expect(rows.map(\.seq) == Array(101...111) && numbering.lastSeq == 111)
        #expect(rows.map(\.session) == [101, 102, 101, 101, 101, 106, 101, 101, 106, 110, 110], "a count that wraps to 0 has a session of its own")
        #expect(rows.allSatisfy { $0.epoch == "e" && $0.durability == .normal })
    }
}
