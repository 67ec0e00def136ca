import Foundation
import Testing
@testable import Streaming

@Suite struct EventFollowerTests {
    /// A journal, a socket that drops messages, and a subscriber that may ask.
    private final class World {
        private(set) var file: JournalFile
        private(set) var journal: Journal
        private var reader: JournalReader
        var isAnswering = true
        private(set) var asked = 0
        /// Published, and not yet received.
        var socket: [[[UInt8]]] = []
        /// All that was ever committed, in order.
        private(set) var committed: [JournalRecord] = []
        private(set) var epochs: [String] = []

        init() throws {
            file = try JournalFile()
            journal = try file.open { $0.keepSeconds = nil }
            reader = try file.reader()
            epochs.append(journal.epoch)
        }

        func restart() throws {
            file = try JournalFile()
            journal = try file.open { $0.keepSeconds = nil }
            reader = try file.reader()
            epochs.append(journal.epoch)
        }

        func ask(_ request: CatchUpRequest) throws -> CatchUpAnswer? {
            asked += 1
            return isAnswering ? try CatchUpAnswer(to: request, from: reader) : nil
        }

        /// Commits events and publishes those that `arrives` lets through.
        func commit(_ cameras: [String], arrives: (Int) -> Bool = { _ in true }) throws {
            let records = cameras.enumerated().map { index, camera -> JournalRecord in
                let seq = journal.lastSeq + 1 + UInt64(index)
                return seq % 7 == 3 ? .missing(seq, camera: camera, seq * 10...seq * 10, epoch: journal.epoch) : .verdict(seq, camera: camera, epoch: journal.epoch)
            }
            try journal.append(records)
            committed += records
            for (index, record) in records.enumerated() where arrives(index) {
                socket.append([Array("\(record.camera)/\(record.kind.rawValue)".utf8), record.json])
            }
        }

        func beat() {
            socket.append([Array("status/heartbeat".utf8), Array(#"{"schema_version":1,"type":"heartbeat","epoch":"\#(journal.epoch)","seq":\#(journal.lastSeq),"durability":"full","published_utc_ns":1}"#.utf8)])
        }

        func forget(_ seq: UInt64) throws { try file.execute("DELETE FROM event WHERE seq <= ?", [Int64(seq)]) }
    }

    private struct Position: Equatable {
        var epoch: String
        var seq: UInt64

        init(_ json: [UInt8]) throws {
            guard case .string(let epoch)? = try JSONReader.object(json)["epoch"], case .integer(let seq)? = try JSONReader.object(json)["seq"] else { throw WireProblem("no event") }
            (self.epoch, self.seq) = (epoch, UInt64(seq))
        }
    }

    @Test func eventsInOrder_AreTakenWithoutAsking() throws {
        let world = try World(), follower = EventFollower(since: 0, ask: world.ask)
        var taken: [[UInt8]] = []
        func take(_ json: [UInt8]) -> Bool { taken.append(json); return true }
        #expect(try follower.begin(take))
        try world.commit(["a", "b", "a"])
        world.beat()
        for message in world.socket + world.socket { try follower.follow(message, take) }
        #expect(taken == world.committed.map(\.json) && world.asked == 1)
        #expect(follower.position == 3 && follower.epoch == world.journal.epoch)
    }

    @Test func lostEnd_IsSeenByTheHeartbeat() throws {
        let world = try World(), follower = EventFollower(since: 0, ask: world.ask)
        var taken: [[UInt8]] = []
        func take(_ json: [UInt8]) -> Bool { taken.append(json); return true }
        #expect(try follower.begin(take))
        try world.commit(["a", "a", "a"]) { _ in false }
        world.isAnswering = false
        world.beat()
        for message in world.socket { try follower.follow(message, take) }
        #expect(taken.isEmpty && follower.position == 0)
        world.isAnswering = true
        for message in world.socket { try follower.follow(message, take) }
        #expect(taken == world.committed.map(\.json))
    }

    @Test func nobodyAnswers_AtFirst() throws {
        let world = try World(), follower = EventFollower(since: 0, ask: world.ask)
        world.isAnswering = false
        #expect(try !follower.begin { _ in true })
        world.isAnswering = true
        try world.commit(["a", "a"]) { $0 == 1 }
        var taken: [[UInt8]] = []
        for message in world.socket { try follower.follow(message) { taken.append($0); return true } }
        #expect(taken == world.committed.map(\.json))
    }

    @Test func messagesThatAreNoEvents_AreLeftAlone_AndStatusIsTold() throws {
        let world = try World(), follower = EventFollower(since: 0, ask: world.ask)
        _ = try follower.begin { _ in true }
        let status = Array(#"{"type":"status","condition":"journal_failing"}"#.utf8)
        var taken: [[UInt8]] = []
        for message in [
            [], [[1]], [[1], [2]], [[1], Array("{}".utf8)], [[1], Array(#"{"type":"verdict"}"#.utf8)], [[1], Array(#"{"type":"verdict","seq":-1,"epoch":"e"}"#.utf8)],
            [[1], Array(#"{"type":"verdict","seq":1.5,"epoch":"e"}"#.utf8)], [[1], Array(#"{"type":"verdict","seq":1}"#.utf8)], [[1], status, [3]],
            [Array("status/event".utf8), status],
        ] as [[[UInt8]]] { try follower.follow(message) { taken.append($0); return true } }
        #expect(taken == [status] && world.asked == 1)
    }

    @Test func goneEvents_AreCounted_AndTheRestIsTold() throws {
        let world = try World()
        try world.commit(Array(repeating: "a", count: 30)) { _ in false }
        try world.forget(12)
        let follower = EventFollower(since: 4, ask: world.ask)
        var taken: [[UInt8]] = []
        #expect(try follower.begin { taken.append($0); return true })
        #expect(taken == world.committed[12...].map(\.json) && follower.gone == 8)
        #expect(follower.notes == ["events 5 to 12 are no longer in the journal"])
    }

    @Test func positionOfAnotherJournal_BeginsAnew() throws {
        let world = try World()
        try world.commit(Array(repeating: "a", count: 5)) { _ in false }
        for (since, epoch) in [(UInt64(3), "another"), (9, nil), (9, world.journal.epoch)] as [(UInt64, String?)] {
            let follower = EventFollower(since: since, epoch: epoch, ask: world.ask)
            var taken: [[UInt8]] = []
            #expect(try follower.begin { taken.append($0); return true })
            #expect(taken == world.committed.map(\.json) && follower.position == 5 && follower.notes.count == 1)
        }
        #expect(try EventFollower(since: 5, epoch: world.journal.epoch, ask: world.ask).begin { _ in Issue.record("nothing is new"); return true })
    }

    /// Messages of the journal before wait in the socket while the one after it is asked.
    @Test func messagesOfTheJournalBefore_BringNothingTwice() throws {
        let world = try World(), follower = EventFollower(since: 0, ask: world.ask)
        var taken: [Position] = []
        func take(_ json: [UInt8]) -> Bool { if let position = try? Position(json) { taken.append(position) }; return true }
        _ = try follower.begin(take)
        try world.commit(Array(repeating: "a", count: 6)) { $0 != 1 }
        world.beat()
        try world.restart()
        try world.commit(Array(repeating: "a", count: 4))
        world.beat()
        for message in world.socket { try follower.follow(message, take) }
        // The first journal is gone by the time that its second event is asked for.
        #expect(taken.map(\.seq) == [1, 1, 2, 3, 4])
        #expect(taken.map(\.epoch) == [world.epochs[0]] + Array(repeating: world.epochs[1], count: 4))
        #expect(follower.notes.count == 1)
    }

    @Test func taker_MayEndTheMatter() throws {
        let world = try World()
        try world.commit(Array(repeating: "a", count: 5))
        let follower = EventFollower(since: 0, ask: world.ask)
        var taken = 0
        #expect(try follower.begin { _ in taken += 1; return taken < 2 })
        #expect(taken == 2 && follower.position == 2)
        #expect(try follower.begin { _ in taken += 1; return true })
        #expect(taken == 5)
    }

    @Test func answersThatMakeNoSense_AreErrors_AndNoEndlessLoop() throws {
        func begin(since: UInt64 = 5, _ answer: CatchUpAnswer) throws {
            var asked = 0
            let follower = EventFollower(since: since, epoch: "e") { _ in
                asked += 1
                try #require(asked < 10)
                return answer
            }
            _ = try follower.begin { _ in true }
        }
        func event(_ seq: UInt64) -> [UInt8] { JournalRecord.verdict(seq).json }
        // For now only: a heartbeat asks again.
        let follower = EventFollower(since: 5, epoch: "e") { _ in .error("busy") }
        #expect(try follower.begin { _ in true } == false && follower.notes == ["the daemon could not answer: busy"] && follower.position == 5)
        #expect(throws: StreamingError.self) { try begin(.gone(oldest: 6, epoch: "e", high: 9)) }
        #expect(throws: StreamingError.self) { try begin(.gone(oldest: 0, epoch: "e", high: 9)) }
        #expect(throws: StreamingError.self) { try begin(since: .max, .gone(oldest: 3, epoch: "e", high: 9)) }
        #expect(throws: StreamingError.self) { try begin(since: 0, .otherEpoch("e", high: 9)) }
        #expect(throws: StreamingError.self) { try begin(.events([event(6)], next: 5, epoch: "e", high: 9)) }
        #expect(throws: StreamingError.self) { try begin(.events([event(5)], next: 6, epoch: "e", high: 6)) }
        #expect(throws: StreamingError.self) { try begin(.events([event(7), event(6)], next: 7, epoch: "e", high: 7)) }
        #expect(throws: StreamingError.self) { try begin(.events([Array("{}".utf8)], next: 6, epoch: "e", high: 9)) }
        #expect(throws: (any Error).self) { try begin(.events([[1]], next: 6, epoch: "e", high: 9)) }
        try begin(.events([], next: 5, epoch: "e", high: 9))
    }

    /// Whatever is dropped, forgotten or not answered: every journal's events come once and in order, and those of the last one all.
    @Test(arguments: UInt64(0)..<40) func whatIsTaken_IsTheJournal(_ seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        func oneIn(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &generator) == 0 }
        let world = try World()
        let filter = seed % 3 == 0 ? "a" : ""
        let names = ["a", "ab", "b", "c/a"]
        var taken: [(position: Position, json: [UInt8])] = []
        func take(_ json: [UInt8]) -> Bool {
            do { taken.append((try Position(json), json)) } catch { Issue.record(error) }
            return true
        }
        func cameras(_ count: Int) -> [String] { (0..<count).map { _ in names[Int.random(in: 0..<names.count, using: &generator)] } }
        try world.commit(cameras(Int.random(in: 0...600, using: &generator)))
        world.socket = []
        let since = UInt64.random(in: 0...world.journal.lastSeq, using: &generator)
        let follower = EventFollower(since: since, epoch: oneIn(2) ? world.journal.epoch : nil, camera: filter, ask: world.ask)
        #expect(try follower.begin(take))
        let loss = Int.random(in: 2...8, using: &generator)
        for _ in 0..<120 {
            world.isAnswering = !oneIn(4)
            try world.commit(cameras(Int.random(in: 0...6, using: &generator))) { _ in Int.random(in: 0..<loss, using: &generator) > 0 }
            if oneIn(3) { world.beat() }
            if oneIn(30), world.journal.lastSeq > 10 { try world.forget(world.journal.lastSeq - UInt64.random(in: 1...10, using: &generator)) }
            if seed % 2 == 0, oneIn(40) { try world.restart() }
            // Some wait.
            let arrived = Int.random(in: 0...world.socket.count, using: &generator)
            for message in world.socket.prefix(arrived) { try follower.follow(message, take) }
            world.socket.removeFirst(arrived)
        }
        world.isAnswering = true
        world.beat()
        for message in world.socket { try follower.follow(message, take) }

        #expect(follower.position == world.journal.lastSeq && follower.epoch == world.epochs.last)
        var known: [String: [UInt8]] = [:]
        for record in world.committed { let position = try Position(record.json); known["\(position.epoch) \(position.seq)"] = record.json }
        let wanted = world.committed.filter { $0.camera.hasPrefix(filter) }, allowed = Set(wanted.map(\.json))
        for (index, event) in taken.enumerated() {
            #expect(known["\(event.position.epoch) \(event.position.seq)"] == event.json, "byte for byte")
            guard index > 0 else { continue }
            let before = taken[index - 1].position
            let epochs = (world.epochs.firstIndex(of: before.epoch) ?? 0, world.epochs.firstIndex(of: event.position.epoch) ?? 0)
            #expect(epochs.0 < epochs.1 || epochs.0 == epochs.1 && before.seq < event.position.seq, "never back, never twice")
        }
        let json = Set(taken.map(\.json))
        let lost = try wanted.filter { record in
            let position = try Position(record.json)
            return position.epoch == world.epochs.last && (world.epochs.count > 1 || position.seq > since) && !json.contains(record.json)
        }
        // Only what the journal did not have any more when it was asked for.
        #expect(UInt64(lost.count) <= follower.gone, "\(lost.prefix(3).map(\.seq))")
        #expect(taken.allSatisfy { allowed.contains($0.json) }, "only of the cameras asked for")
    }
}
