import Foundation
import Testing
@testable import Streaming

@Suite struct OutputPositionTests {
    private func write(_ text: String, _ file: JournalFile) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(file.path).mqtt")) }

    @Test func position_IsReadAsItWasWritten_AndNothingElseIsLeft() throws {
        let folder = try JournalFile(), file = PositionFile(journal: folder.path)
        #expect(try file.read() == .absent)
        for position in [OutputPosition(epoch: nil, seq: 0), .init(epoch: "0123456789abcdef", seq: 0), .init(epoch: "e \"\\\n", seq: UInt64(Int64.max))] {
            try file.write(position)
            #expect(try file.read() == .position(position))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.folder) == ["journal.sqlite.mqtt"])
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"schema_version":2,"epoch":"e","seq":1}"#, #"{"schema_version":1,"epoch":"e"}"#, #"{"schema_version":1,"seq":1}"#,
        #"{"schema_version":1,"epoch":"e","seq":-1}"#, #"{"schema_version":1,"epoch":"e","seq":1.5}"#, #"{"schema_version":1,"epoch":"e","seq":"1"}"#,
        #"{"schema_version":1,"epoch":"e","seq":9223372036854775808}"#, #"{"schema_version":1,"epoch":"","seq":1}"#, #"{"schema_version":1,"epoch":7,"seq":1}"#,
        #"{"schema_version":1,"epoch":"e","seq":1,"seq":2}"#, #"{"schema_version":1,"epoch":"e","seq":1}x"#, "\0\0\0\0\0\0", String(repeating: "[", count: 4000),
        #"{"schema_version":1,"seq":1,"epoch":""# + String(repeating: "e", count: 65) + #""}"#, String(repeating: " ", count: 5000),
    ])
    func whatIsNoPosition_MeansEverythingAgain(_ text: String) throws {
        let file = try JournalFile(), journal = try file.open()
        try journal.append([.verdict(1, epoch: journal.epoch)])
        try write(text, file)
        let (position, note) = try MQTTForwarder.begin(journal: file.path)
        #expect(position == OutputPosition(epoch: nil, seq: 0) && note?.contains("journal.sqlite.mqtt") == true)
        #expect(try PositionFile(journal: file.path).read() == .position(position), "the next start does not ask again")
    }

    @Test func fileThatCannotBeReadOrWritten_IsAnError() throws {
        let file = try JournalFile()
        try FileManager.default.createDirectory(atPath: "\(file.path).mqtt", withIntermediateDirectories: false)
        #expect(throws: JournalError.self) { try MQTTForwarder.begin(journal: file.path) }
        #expect(throws: JournalError.self) { try PositionFile(journal: "/none/journal").write(OutputPosition(epoch: nil, seq: 0)) }
    }

    @Test func firstStart_BeginsAtTheJournalsEnd_OrWithTheJournal() throws {
        let file = try JournalFile()
        #expect(try MQTTForwarder.begin(journal: file.path).position == OutputPosition(epoch: nil, seq: 0))
        // A death before anything was written down: still from the beginning.
        let journal = try file.open()
        try journal.append([.verdict(1, epoch: journal.epoch)])
        #expect(try MQTTForwarder.begin(journal: file.path).position == OutputPosition(epoch: nil, seq: 0))
        try FileManager.default.removeItem(atPath: "\(file.path).mqtt")
        let (position, note) = try MQTTForwarder.begin(journal: file.path)
        #expect(position == OutputPosition(epoch: journal.epoch, seq: 1) && note?.contains("event 1") == true)
    }

    @Test func journalThatLostItsEnd_IsGoneOnWith_FromThere() throws {
        let file = try JournalFile(), journal = try file.open(), positions = PositionFile(journal: file.path)
        try journal.append((1...5).map { .verdict($0, epoch: journal.epoch) })
        for (seq, expected) in [(3, 3), (5, 5), (9, 5)] as [(UInt64, UInt64)] {
            try positions.write(OutputPosition(epoch: journal.epoch, seq: seq))
            #expect(try MQTTForwarder.begin(journal: file.path).position == OutputPosition(epoch: journal.epoch, seq: expected))
        }
        // Of another journal: found out when it is read.
        try positions.write(OutputPosition(epoch: "other", seq: 9))
        #expect(try MQTTForwarder.begin(journal: file.path).position == OutputPosition(epoch: "other", seq: 9))
    }
}

@Suite struct MQTTWindowTests {
    private func entry(_ id: Int32?, _ event: UInt64?, isLast: Bool = true) -> MQTTWindow.Entry {
        .init(id: id, topic: "t\(id ?? 0)", bytes: 10, event: event, isLast: isLast, sent: .now)
    }

    @Test func acknowledgements_InAnyOrder_MoveOnOnlyWithoutAGap() {
        var window = MQTTWindow()
        for (id, event, isLast) in [(1, nil, true), (2, 5, false), (3, 5, true), (4, 6, true), (5, 7, true)] as [(Int32, UInt64?, Bool)] {
            window.append(entry(id, event, isLast: isLast))
        }
        #expect(window.bytes == 50 && window.acknowledge(9, isRefused: false) == nil)
        #expect(window.acknowledge(4, isRefused: false)?.topic == "t4" && window.takeSettled().isEmpty)
        _ = window.acknowledge(1, isRefused: false)
        #expect(window.takeSettled().map(\.event) == [nil])
        _ = window.acknowledge(3, isRefused: false)
        #expect(window.takeSettled().isEmpty, "an event is done with when both its messages are")
        _ = window.acknowledge(2, isRefused: true)
        #expect(window.takeSettled().map(\.event) == [5, 5, 6] && window.bytes == 10)
        _ = window.acknowledge(5, isRefused: false)
        #expect(window.takeSettled().map(\.event) == [7] && window.isEmpty && window.oldest == nil)
    }

    @Test func window_IsBounded_ByMessagesAndBytes() {
        var window = MQTTWindow()
        #expect(window.room == 32 && window.isRoomy)
        for id in 1...60 { window.append(entry(Int32(id), 1)) }
        #expect(window.room == 2 && !window.isRoomy)
        for id in 61...80 { window.append(entry(Int32(id), 1)) }
        #expect(window.room == 0)
        window = MQTTWindow()
        window.append(.init(id: 1, topic: "", bytes: MQTTWindow.maxBytes, event: 1, sent: .now))
        #expect(window.room == 0)
    }
}
