import Foundation
import Inspection
import Testing

@testable import Service

@Suite struct StationTests {
    private let clock = ManualClock()

    private func station() -> (Station, StatusInbox) {
        let status = StatusInbox(clock: clock.clock)
        return (Station(status: status, clock: clock.clock), status)
    }

    private func states(_ status: StatusInbox) -> [String?] { status.takeAll().filter { $0.condition == .station }.map(\.state) }

    @Test func line_StartsRunsAndStandsStill() {
        let (station, status) = station()
        #expect(station.report.state == .starting)
        station.isUp()
        station.look(frames: 0)
        station.look(frames: 3)
        clock.advance(ms: 4900)
        station.look(frames: 3)
        #expect(station.report.state == .running)
        clock.advance(ms: 200)
        station.look(frames: 3)
        station.look(frames: 3)
        station.isStopping()
        #expect(states(status) == ["ready", "running", "ready", "stopping"])
    }

    @Test func halt_LastsUntilAcknowledged() {
        let (station, status) = station()
        station.isUp()
        station.halt("golden", "a.jpg passed")
        station.look(frames: 9)
        #expect(station.report == .init(state: .halted, detail: "a.jpg passed") && station.withholding == "a.jpg passed")
        #expect(station.acknowledge() == "a.jpg passed")
        #expect(station.acknowledge() == nil && station.withholding == nil)
        #expect(states(status) == ["ready", "halted", "running"])
    }

    @Test func error_CountsBeforeAHalt_AndGoesByItself() {
        let (station, status) = station()
        station.isUp()
        station.halt("golden", "g")
        station.error("journal", "disk full")
        #expect(station.report == .init(state: .error, detail: "disk full"))
        // Passes stay withheld.
        #expect(station.withholding == "g")
        station.error("journal", nil)
        #expect(states(status) == ["ready", "halted", "error", "halted"])
    }

    @Test func schema_KnowsEveryState() throws {
        let schema = try #require(JSONSerialization.jsonObject(with: Data(JSONSchema.verdict.utf8)) as? [String: Any])
        let status = (schema["$defs"] as? [String: [String: Any]])?["status_event"]?["properties"] as? [String: [String: Any]]
        #expect(status?["state"]?["enum"] as? [String] == StationState.allCases.map(\.rawValue))
    }

    /// The journal's trouble is the station's, as long as it lasts.
    @Test func journalTrouble_IsAnErrorState() async throws {
        let ledger = FlakyLedger(failures: 3)
        let rig = Rig(PipelineSettings(), ledger: { ledger })
        rig.pipeline.station.isUp()
        rig.feed.send([frame("c", 1)])
        try await rig.runToEnd()
        let states = rig.words.compactMap { word -> String? in if case .status(let event) = word { event.state } else { nil } }
        #expect(states.prefix(3) == ["ready", "error", "ready"])
    }

    @Test func halted_NothingPasses() async throws {
        let rig = Rig(PipelineSettings())
        rig.pipeline.station.halt("golden", "a.jpg passed")
        rig.feed.send([frame("c", 1), frame("c", 2, Script(fate: .fail)), frame("c", 3, Script(fate: .noRegion))])
        try await rig.runToEnd()
        #expect(rig.verdicts.map(\.verdict) == [.review, .fail, .uninspected])
        #expect(rig.verdicts.map(\.withheld) == ["a.jpg passed", nil, nil])
        #expect(rig.verdicts[0].regions[0].verdict == .pass)
        let counters = rig.pipeline.snapshot
        #expect(counters.pass == 0 && counters.review == 1 && counters.fail == 1)
    }
}

/// Fails a few times, then takes everything.
private final class FlakyLedger: VerdictLedger, Sendable {
    private let left: Monitor<Int>
    private let ledger = Monitor(RunLedger())

    private struct Full: LedgerFailure {
        var isTemporary: Bool { true }
    }

    init(failures: Int) { left = Monitor(failures) }

    var epoch: String { ledger.read(\.epoch) }
    var lastSeq: UInt64 { ledger.read(\.lastSeq) }
    var durability: EventDurability { .none }

    func commit(_ events: inout [PipelineEvent]) throws {
        let fails = left.update { left in
            defer { left -= 1 }
            return left > 0
        }
        if fails { throw Full() }
        ledger.read { $0.commit(&events) }
    }

    func tidy(utcNs: Int64) {}
}
