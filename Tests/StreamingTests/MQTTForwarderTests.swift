import Foundation
import Testing
@testable import Streaming

/// A journal, and what publishes it.
private final class Outlet {
    let file: JournalFile
    let journal: Journal
    let wake: WakeUp
    private(set) var happenings: [MQTTForwarder.Happening] = []
    private var forwarder: MQTTForwarder?

    init() throws {
        file = try JournalFile()
        journal = try file.open()
        wake = try WakeUp()
    }

    func append(_ range: ClosedRange<UInt64>, cameras: [String] = ["line1/top"], padding: Int = 0) throws {
        try journal.append(range.map { .verdict($0, camera: cameras[Int($0) % cameras.count], utcNs: Int64($0), epoch: journal.epoch, padding: padding) })
        wake.raise()
    }

    /// Another process, as it were.
    func begin(_ port: Int, _ change: (inout MQTTSettings) -> Void = { _ in }) throws -> MQTTForwarder {
        var settings = MQTTSettings(broker: try MQTTBroker("mqtt://127.0.0.1:\(port)"), topics: try MQTTTopics(line: "press4"))
        change(&settings)
        happenings = []
        return MQTTForwarder(
            settings: settings, journal: file.path, position: try MQTTForwarder.begin(journal: file.path).position, build: "b", utcNs: { 7 }, wake: wake,
            tell: { [unowned self] in happenings.append($0) })
    }

    var kept: OutputPosition? {
        if case .position(let position)? = try? PositionFile(journal: file.path).read() { position } else { nil }
    }

    func happened(_ text: String) -> Bool { happenings.contains { "\($0)".contains(text) } }
}

/// Limits of time only end a test that has failed.
private let patience = ContinuousClock.Duration.seconds(20)

@Suite struct MQTTForwarderTests {
    /// Converses until `isDone`, which is asked with every message.
    private func converse(_ forwarder: MQTTForwarder, until isDone: @escaping () -> Bool) throws {
        let deadline = ContinuousClock.now + patience
        try forwarder.converse { isDone() || .now > deadline }
        #expect(isDone(), "it took too long")
    }

    private func problem(_ forwarder: MQTTForwarder) -> String {
        let deadline = ContinuousClock.now + patience
        do throws(MQTTError) { try forwarder.converse { .now > deadline } } catch { return error.description }
        return ""
    }

    @Test func everyEvent_IsPublished_AsTheJournalKeepsIt() throws {
        let outlet = try Outlet(), broker = try FakeBroker(wake: outlet.wake)
        defer { broker.stop() }
        let forwarder = try outlet.begin(broker.port) { $0.clientID = "me"; $0.username = "ü" }
        try outlet.append(1...100, cameras: ["line1/top", "a+b"])
        try outlet.journal.append([.missing(101, camera: "a+b", 4...9, epoch: outlet.journal.epoch)])
        try converse(forwarder) { broker.events.count >= 101 }
        #expect(broker.events == Array(1...101) && broker.farewells == 1)
        var rows: [(String, [UInt8])] = []
        try outlet.file.reader().forEach(JournalReader.Query()) {
            rows.append(("flawd/press4/\($0.camera.replacingOccurrences(of: "+", with: "%2B"))/\($0.kind.rawValue)", $0.json))
        }
        let events = broker.publications.filter { $0.topic.hasSuffix("/verdict") || $0.topic.hasSuffix("/missing") }
        #expect(events.map(\.topic) == rows.map(\.0) && events.map(\.payload) == rows.map(\.1) && events.allSatisfy { !$0.isRetained })
        #expect(outlet.kept == OutputPosition(epoch: outlet.journal.epoch, seq: 101))
        let progress = forwarder.progress
        #expect(!progress.isConnected && progress.connections == 1 && progress.acknowledged == 101 && progress.lost == 0 && progress.position == 101)

        let status = broker.publications.filter { $0.topic == "flawd/press4/status" }
        #expect(status.count == 2 && status.allSatisfy(\.isRetained))
        #expect(try JSONReader.object(status[0].payload)["state"] == .string("online") && JSONReader.object(status[1].payload)["state"] == .string("offline"))
        let states = broker.publications.filter { $0.topic.hasSuffix("/state") }
        #expect(states.allSatisfy(\.isRetained) && Set(states.map(\.topic)) == ["flawd/press4/line1/top/state", "flawd/press4/a%2Bb/state"])
        #expect(states.count < 20, "of a page's verdicts of a camera the last one is enough")
        let last = try JSONReader.object(try #require(states.last { $0.topic.contains("top") }).payload)
        #expect(last["seq"] == .integer(100) && last["verdict"] == .string("pass") && last["epoch"] == .string(outlet.journal.epoch) && last["camera"] == .string("line1/top"))
        let greeting = String(decoding: broker.greeting, as: UTF8.self)
        for text in ["MQTT", "me", "flawd/press4/status", #""state":"offline","detail":"connection lost""#, "ü"] { #expect(greeting.contains(text)) }
    }

    @Test func eventsThatComeLater_AreSentAtOnce() throws {
        let outlet = try Outlet(), broker = try FakeBroker(wake: outlet.wake)
        defer { broker.stop() }
        let forwarder = try outlet.begin(broker.port)
        var next: UInt64 = 1, failure: (any Error)?
        let begun = ContinuousClock.now
        try converse(forwarder) {
            // As the daemon would: another one as soon as the last one was seen.
            if broker.events.count == Int(next) - 1, next <= 20 {
                do { try outlet.append(next...next) } catch { failure = error }
                next += 1
            }
            return broker.events.count >= 20
        }
        // Each would wait for a second until the journal is looked at without being asked.
        #expect(failure == nil && broker.events == Array(1...20) && .now - begun < .seconds(10))
    }

    @Test func whatWasNotAcknowledged_ComesAgain_AfterTheConnectionEnds() throws {
        let outlet = try Outlet()
        let broker = try FakeBroker(wake: outlet.wake) { publication in
            guard publication.topic.hasSuffix("/verdict"), case .integer(let seq)? = (try? JSONReader.object(publication.payload))?["seq"] else { return .acknowledge }
            return publication.connection == 1 && seq > 40 ? seq == 60 ? .hangUp : .hold : .acknowledge
        }
        defer { broker.stop() }
        try outlet.append(1...100)
        // The first start begins at the journal's end.
        try PositionFile(journal: outlet.file.path).write(OutputPosition(epoch: nil, seq: 0))
        let forwarder = try outlet.begin(broker.port)
        #expect(problem(forwarder).contains("closed from there"))
        let acknowledged = forwarder.progress.position
        #expect(acknowledged <= 40 && outlet.kept?.seq == acknowledged)
        try converse(forwarder) { broker.events.last == 100 }
        #expect(broker.events.drop { $0 != 60 }.dropFirst() == ArraySlice(acknowledged + 1 ... 100) && forwarder.progress.position == 100)
        #expect(Set(broker.events) == Set(1...100))

        // Another process goes on where the last one was.
        try outlet.append(101...103)
        try converse(try outlet.begin(broker.port)) { broker.events.last == 103 }
        #expect(broker.events.suffix(4) == [100, 101, 102, 103])
    }

    @Test func acknowledgementsInAnotherOrder_MoveOnOnlyWithoutAGap() throws {
        let outlet = try Outlet()
        let broker = try FakeBroker(wake: outlet.wake) { publication in
            guard publication.topic.hasSuffix("/verdict"), case .integer(let seq)? = (try? JSONReader.object(publication.payload))?["seq"] else { return .acknowledge }
            return seq % 7 == 0 ? .releaseInReverse : .hold
        }
        defer { broker.stop() }
        let forwarder = try outlet.begin(broker.port)
        try outlet.append(1...21)
        try converse(forwarder) { forwarder.progress.position == 21 }
        #expect(broker.events == Array(1...21) && forwarder.progress.acknowledged == 21)
    }

    @Test func refusalThatSomebodyCanPutRight_HoldsEverything_AndSaysWhat() throws {
        let outlet = try Outlet()
        let broker = try FakeBroker(wake: outlet.wake) { $0.topic.hasSuffix("/verdict") && $0.connection == 1 ? .refuse(0x87) : .acknowledge }
        defer { broker.stop() }
        let forwarder = try outlet.begin(broker.port)
        try outlet.append(1...3)
        let problem = problem(forwarder)
        #expect(problem.contains("flawd/press4/line1/top/verdict") && problem.contains("Not authorized") && problem.contains("flawd/press4/#"), "\(problem)")
        #expect(forwarder.progress.position == 0 && forwarder.progress.lost == 0)
        try converse(forwarder) { forwarder.progress.position == 3 }
        #expect(broker.events.suffix(3) == [1, 2, 3])
    }

    @Test func refusalOfTheMessageItself_IsCounted_AndHoldsNothing() throws {
        let outlet = try Outlet()
        let broker = try FakeBroker(wake: outlet.wake) { $0.payload.count > 5000 ? .refuse(0x95) : .acknowledge }
        defer { broker.stop() }
        let forwarder = try outlet.begin(broker.port)
        try outlet.append(1...3)
        try outlet.append(4...4, padding: 6000)
        try outlet.append(5...6)
        try converse(forwarder) { forwarder.progress.position == 6 }
        #expect(forwarder.progress.lost == 1 && forwarder.progress.acknowledged == 5 && outlet.happened("refused(seq: 4"))
    }

    @Test func eventsTheJournalHasNoMore_AreNamed() throws {
        let outlet = try Outlet(), broker = try FakeBroker(wake: outlet.wake)
        defer { broker.stop() }
        let forwarder = try outlet.begin(broker.port)
        try outlet.append(1...20)
        try outlet.file.execute("DELETE FROM event WHERE seq <= 12")
        try converse(forwarder) { forwarder.progress.position == 20 }
        let gone = try JSONReader.object(try #require(broker.publications.first { $0.topic == "flawd/press4/gone" }).payload)
        #expect(gone["first"] == .integer(1) && gone["last"] == .integer(12) && gone["epoch"] == .string(outlet.journal.epoch))
        #expect(broker.events == Array(13...20) && forwarder.progress.lost == 12 && outlet.happened("gone"))
        try outlet.append(21...25)
        try outlet.file.execute("DELETE FROM event")
        try converse(forwarder) { forwarder.progress.position == 25 }
        #expect(forwarder.progress.lost == 17 && broker.events.last == 20)
    }

    @Test func anotherJournal_IsToldFromTheFirstEventOn() throws {
        let outlet = try Outlet(), broker = try FakeBroker(wake: outlet.wake)
        defer { broker.stop() }
        for position in [OutputPosition(epoch: "another", seq: 900), OutputPosition(epoch: "another", seq: UInt64(Int64.max))] {
            try PositionFile(journal: outlet.file.path).write(position)
            let forwarder = try outlet.begin(broker.port), before = broker.events.count
            if outlet.journal.lastSeq == 0 { try outlet.append(1...3) }
            try converse(forwarder) { forwarder.progress.position == 3 && forwarder.progress.acknowledged == 3 }
            #expect(broker.events.dropFirst(before) == [1, 2, 3] && outlet.happened("otherJournal"))
        }
        #expect(outlet.kept == OutputPosition(epoch: outlet.journal.epoch, seq: 3))
    }

    @Test(arguments: [
        ([0x20, 3, 0, 0x86, 0], "mqtt.password_file", MQTTSettings.Version.five), ([0x20, 3, 0, 0x84, 0], "mqtt.protocol to 3.1.1", .five), ([0x20, 2, 0, 1], "mqtt.protocol to 3.1.1", .five),
        ([0x20, 3, 0, 0x85, 0], "mqtt.client_id", .five), ([0x20, 2, 0, 4], "mqtt.password_file", .three), ([0x20, 2, 0, 1], "mqtt.protocol to 5", .three),
        ([0x20, 2, 0, 3], "broker unavailable", .three), ([0x20, 3, 0, 0x97, 0], "Quota", .five), (Array("HTTP/1.1 400".utf8), "mqtt://127.0.0.1", .five),
    ] as [([UInt8], String, MQTTSettings.Version)])
    func brokerThatDoesNotLetUsIn_IsQuoted(_ welcome: [UInt8], _ words: String, _ version: MQTTSettings.Version) throws {
        let outlet = try Outlet(), broker = try FakeBroker(welcome: welcome, wake: outlet.wake)
        defer { broker.stop() }
        let forwarder = try outlet.begin(broker.port) { $0.version = version }
        let problem = problem(forwarder)
        #expect(problem.hasPrefix("mqtt://127.0.0.1:\(broker.port): ") && problem.contains(words), "\(problem)")
        #expect(forwarder.progress.connections == 0 && broker.publications.isEmpty)
    }

    @Test func noBroker_IsSaidAtOnce() throws {
        let outlet = try Outlet(), broker = try FakeBroker(wake: outlet.wake)
        broker.stop()
        // Until the port is really free.
        var problem = ""
        for _ in 0..<100 where !problem.contains("refused") { problem = self.problem(try outlet.begin(broker.port)) }
        #expect(problem.contains("Connection refused"), "\(problem)")
        let named = try outlet.begin(1) { $0.broker = (try? MQTTBroker("mqtt://no-such-host.invalid")) ?? $0.broker }
        #expect(self.problem(named).contains("not known"))
    }

    @Test func journalThatIsNotThereYet_IsWaitedFor() throws {
        let file = try JournalFile(), wake = try WakeUp(), broker = try FakeBroker(wake: wake)
        defer { broker.stop() }
        let settings = MQTTSettings(broker: try MQTTBroker("mqtt://127.0.0.1:\(broker.port)"), topics: try MQTTTopics(line: "l"))
        let beginning = try MQTTForwarder.begin(journal: file.path)
        var troubles = 0, journal: Journal?
        let forwarder = MQTTForwarder(settings: settings, journal: file.path, position: beginning.position, build: "b", utcNs: { 0 }, wake: wake, tell: {
            if case .trouble = $0 { troubles += 1 }
        })
        try converse(forwarder) {
            if journal == nil, broker.connections == 1, let new = try? file.open() {
                try? new.append([.verdict(1, epoch: new.epoch)])
                journal = new
            }
            return forwarder.progress.position == 1
        }
        #expect(troubles == 0 && broker.events == [1])
    }
}
