import Foundation
import Testing

@testable import Streaming

@Suite struct JournalNoteTests {
    private func mark(_ seq: UInt64, _ truth: JournalMark.Truth, note: String = "", outlines: [[[Double]]] = []) -> JournalMark {
        JournalMark(seq: seq, camera: "c", truth: truth, note: note, outlines: outlines, who: "anna", utcNs: 7)
    }

    @Test func marks_AreKeptReplacedAndTakenAway_AndEventsStayAsTheyWere() throws {
        let file = try JournalFile(), journal = try file.open()
        try journal.append((1...4).map { .verdict($0, verdict: $0 == 2 ? "fail" : "pass", epoch: journal.epoch) })
        let before = try (1...4).map { try file.reader().record(seq: $0) }
        let outlined = mark(2, .defective, note: "ü \"x\"", outlines: [[[1, 2.5], [3, 4], [5, 6]]])
        try journal.note([.mark(mark(1, .good)), .mark(outlined), .mark(mark(3, .defective))], utcNs: 9)
        #expect(try file.reader().marks() == [1: mark(1, .good), 2: outlined, 3: mark(3, .defective)])
        try journal.note([.mark(mark(1, .defective)), .unmark(seq: 3), .unmark(seq: 99)], utcNs: 9)
        #expect(try file.reader().marks(of: [1, 3, 50]) == [1: mark(1, .defective)])
        #expect(try (1...4).map { try file.reader().record(seq: $0) } == before)
        #expect(try file.reader().check().problems.isEmpty)
    }

    @Test func cameras_AreThoseWithFrames() throws {
        let file = try JournalFile(), journal = try file.open()
        #expect(try file.reader().cameras() == [])
        let names = ["b", "a/x", "b", "ü", "a"]
        try journal.append(names.enumerated().map { .verdict(UInt64($0 + 1), camera: $1, epoch: journal.epoch) } + [.missing(6, camera: "m", 1...2, epoch: journal.epoch)])
        #expect(try file.reader().cameras() == ["a", "a/x", "b", "ü"])
    }

    @Test func audit_IsCounted_TheNewestFirst() throws {
        let file = try JournalFile()
        do {
            let journal = try file.open()
            for number in 1...5 { try journal.note([.audit(.init(utcNs: Int64(number), who: "anna", action: "regions", subject: "c", before: "a", after: "b\(number)"))], utcNs: 0) }
            try journal.note([.regionFile(revision: "r", text: Array("text".utf8))], utcNs: 3)
        }
        let reader = try file.reader()
        #expect(try reader.audit(limit: 2).map(\.after) == ["b5", "b4"])
        #expect(try reader.audit(before: 4, limit: 10).map(\.id) == [3, 2, 1])
        #expect(try reader.regionFile(revision: "r") == Array("text".utf8) && reader.regionFiles(limit: 5).map(\.utcNs) == [3])
    }

    @Test func journalFromBefore_HasNone_AndGetsTheirTables() throws {
        let file = try JournalFile()
        try file.open().append([])
        try file.execute("DROP TABLE mark")
        try file.execute("DROP TABLE audit")
        #expect(try file.reader().marks().isEmpty && file.reader().audit(limit: 5).isEmpty)
        var query = JournalReader.Query()
        query.marked = [.good]
        try file.reader().forEach(query) { _ in Issue.record("nothing is marked") }
        try file.open().note([.mark(mark(1, .good))], utcNs: 0)
        #expect(try file.reader().marks().count == 1)
    }

    @Test func events_AreFoundByMarkRegionCameraAndNumber() throws {
        let file = try JournalFile(), journal = try file.open()
        var records: [JournalRecord] = (1...6).map { .verdict($0, camera: $0 % 2 == 0 ? "line" : "line2", epoch: journal.epoch) }
        records[3].json = Array(#"{"regions":[{"name":"seal","verdict":"fail"},{"name":"label","verdict":"pass"}]}"#.utf8)
        records[5].json = Array(#"{"regions":[{"name":"seal","verdict":"pass"},{"name":"label","verdict":"review"}]}"#.utf8)
        try journal.append(records)
        try journal.note([.mark(mark(1, .good)), .mark(mark(4, .defective))], utcNs: 0)
        func found(_ change: (inout JournalReader.Query) -> Void) throws -> [UInt64] {
            var query = JournalReader.Query(), numbers: [UInt64] = []
            change(&query)
            try file.reader().forEach(query) { numbers.append($0.seq) }
            return numbers
        }
        #expect(try found { $0.exactCamera = "line" } == [2, 4, 6])
        #expect(try found { $0.failingRegion = "seal" } == [4] && found { $0.failingRegion = "label" } == [6] && found { $0.failingRegion = "x' OR 1" }.isEmpty)
        #expect(try found { $0.marked = [.good, .defective] } == [1, 4] && found { $0.marked = [.defective] } == [4])
        #expect(try found { $0.before = 4; $0.limit = 2; $0.isNewest = true } == [2, 3])
    }

    @Test func verdicts_AreCountedBySpans() throws {
        let file = try JournalFile(), journal = try file.open(), minute: Int64 = 60_000_000_000
        try journal.append((1...6).map { .verdict($0, verdict: $0 % 3 == 0 ? "fail" : "pass", utcNs: Int64($0) * minute, epoch: journal.epoch) })
        #expect(try file.reader().verdictCounts(published: 2 * minute..<6 * minute, seconds: 120) == [120: ["pass": 1, "fail": 1], 240: ["pass": 2]])
    }
}
