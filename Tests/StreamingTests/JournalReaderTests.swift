import Foundation
import Testing
@testable import Streaming

@Suite struct JournalReaderTests {
    @Test func newJournal_HasNothing() throws {
        let file = try JournalFile()
        let journal = try file.open(), reader = try file.reader()
        #expect(try reader.epoch == journal.epoch && reader.range == nil)
        let page = try reader.page(after: 0, limit: 10, bytes: 1000)
        #expect(page.records.isEmpty && page.isLast && page.extent == JournalReader.Extent(kept: nil, lastSeq: 0))
        let figures = try reader.statistics()
        #expect(figures.events == 0 && figures.firstSeq == nil && figures.highestSeq == 0 && figures.cameras.isEmpty)
    }

    @Test func fileThatIsNotThere_OrEmpty_IsNamed() throws {
        let file = try JournalFile()
        #expect { try file.reader() } throws: { "\($0)".contains("\(file.path): is not there") }
        try Data().write(to: URL(fileURLWithPath: file.path))
        #expect { try file.reader() } throws: { ($0 as? JournalError)?.kind == .content && "\($0)".contains("is empty") }
        #expect(file.size("") == 0, "a reader begins nothing")
    }

    @Test func pages_EndAtTheirLimits_AndTogetherHaveEverything() throws {
        let file = try JournalFile(), journal = try file.open()
        let records = (UInt64(1)...100).map { JournalRecord.verdict($0, padding: Int($0 * 37 % 400)) }
        try journal.append(records)
        let reader = try file.reader()
        for (limit, bytes) in [(1, 1 << 20), (7, 1 << 20), (50, 1 << 20), (100, 1 << 20), (101, 1 << 20), (1000, 1), (1000, 3000), (20, 3000)] {
            var all: [JournalRecord] = [], pages = 0
            while true {
                let page = try reader.page(after: all.last?.seq ?? 0, limit: limit, bytes: bytes)
                all += page.records
                pages += 1
                #expect(page.extent == JournalReader.Extent(kept: 1...100, lastSeq: 100))
                #expect(page.records.count <= limit)
                #expect(page.records.count <= 1 || page.records.reduce(0) { $0 + $1.json.count } <= bytes)
                if page.isLast { break }
                try #require(!page.records.isEmpty, "a page that is not the last has something")
                if page.records.count < limit {
                    let next = records[Int(page.records.last?.seq ?? 0)]
                    #expect(page.records.reduce(next.json.count) { $0 + $1.json.count } > bytes, "no page ends early")
                }
            }
            #expect(all == records, "limit \(limit), \(bytes) bytes")
            if limit == 1000, bytes == 1 { #expect(pages == 100) }
        }
        #expect(try reader.page(after: .max, limit: 5, bytes: 5).records.isEmpty)
    }

    @Test(arguments: [
        ("", ["a%b", "a_b", "axb", "é1", "e\u{301}1", "😀x", "A_b", ""]), ("a", ["a%b", "a_b", "axb"]), ("a_", ["a_b"]), ("a%", ["a%b"]), ("a%b", ["a%b"]),
        ("a%bc", []), ("é", ["é1"]), ("e\u{301}", ["e\u{301}1"]), ("e", ["e\u{301}1"]), ("😀", ["😀x"]), ("A", ["A_b"]), ("'; --", []),
    ] as [(String, [String])])
    func cameraPrefix_IsTakenLetterByLetter(_ prefix: String, _ expected: [String]) throws {
        let names = ["a%b", "a_b", "axb", "é1", "e\u{301}1", "😀x", "A_b", ""]
        let file = try JournalFile(), journal = try file.open()
        try journal.append(names.enumerated().map { .verdict(UInt64($0) + 1, camera: $1) })
        let reader = try file.reader()
        // As bytes: to Swift an accent of its own is the same letter.
        let bytes = expected.map { Array($0.utf8) }
        #expect(try reader.page(after: 0, limit: 100, bytes: 1 << 20, camera: prefix).records.map { Array($0.camera.utf8) } == bytes)
        var query = JournalReader.Query(), found: [[UInt8]] = []
        query.camera = prefix
        try reader.forEach(query) { found.append(Array($0.camera.utf8)) }
        #expect(found == bytes)
    }

    @Test func journal_IsReadWhileItIsWritten() throws {
        let file = try JournalFile(), journal = try file.open(), reader = try file.reader()
        try journal.append((1...10).map { .verdict($0) })
        #expect(try reader.range == 1...10)
        var seen: [UInt64] = [], next: UInt64 = 11
        // Of one moment: what is written meanwhile is not in it.
        try reader.forEach(JournalReader.Query()) { record in
            seen.append(record.seq)
            try journal.append([.verdict(next)])
            next += 1
        }
        #expect(seen == Array(1...10))
        #expect(try reader.range == 1...20 && reader.page(after: 15, limit: 100, bytes: 1 << 20).records.map(\.seq) == Array(16...20))
    }

    @Test func queries_FindWhatTheyAskFor_InOrder() throws {
        let file = try JournalFile(), journal = try file.open()
        let verdicts = ["pass", "fail", "review", "uninspected"]
        // Times that go back now and then.
        try journal.append((UInt64(1)...40).map { seq -> JournalRecord in
            if seq % 10 == 0 { return .missing(seq, seq * 100...seq * 100 + 3, utcNs: Int64(seq % 20)) }
            return .verdict(seq, camera: seq % 2 == 0 ? "even" : "odd", verdict: verdicts[Int(seq % 4)], utcNs: Int64(seq % 20))
        })
        let reader = try file.reader()
        func find(_ change: (inout JournalReader.Query) -> Void) throws -> [UInt64] {
            var query = JournalReader.Query(), found: [UInt64] = []
            change(&query)
            try reader.forEach(query) { found.append($0.seq) }
            return found
        }
        let all = Array(UInt64(1)...40)
        #expect(try find { _ in } == all)
        #expect(try find { $0.publishedUTCNs = 5...7 } == [5, 6, 7, 25, 26, 27])
        #expect(try find { $0.publishedUTCNs = 5 ... .max; $0.after = 10; $0.camera = "odd" } == all.filter { $0 > 10 && $0 % 20 >= 5 && $0 % 2 == 1 })
        #expect(try find { $0.verdicts = ["pass", "fail"] } == all.filter { ($0 % 4 == 0 || $0 % 4 == 1) && $0 % 10 != 0 })
        #expect(try find { $0.limit = 3 } == [1, 2, 3])
        #expect(try find { $0.limit = 3; $0.isNewest = true } == [38, 39, 40])
        #expect(try find { $0.limit = 3; $0.isNewest = true; $0.publishedUTCNs = 0...9; $0.camera = "even" } == [24, 26, 28])
        #expect(try find { $0.after = .max } == [])
        #expect(try find { $0.limit = 0 } == [])
    }

    @Test func errorsOfTheBody_EndTheReading_AndTheNextOneWorks() throws {
        struct Enough: Error {}
        let file = try JournalFile(), journal = try file.open()
        try journal.append((1...10).map { .verdict($0) })
        let reader = try file.reader()
        #expect(throws: Enough.self) { try reader.forEach(JournalReader.Query()) { if $0.seq == 3 { throw Enough() } } }
        #expect(try reader.range == 1...10)
    }

    @Test func statistics_CountWhatIsKept() throws {
        let file = try JournalFile(), journal = try file.open()
        try journal.append([
            .verdict(1, camera: "a", session: 1, arrival: .first, utcNs: 10), .verdict(2, camera: "a", session: 1, verdict: "fail", utcNs: 30),
            .verdict(3, camera: "b", session: 3, arrival: .first, verdict: "uninspected", reason: "overload", utcNs: 20),
            .missing(4, camera: "a", session: 1, 3...7), .verdict(5, camera: "a", session: 1, sequence: 8, arrival: .gap),
            .verdict(6, camera: "a", session: 6, sequence: 0, arrival: .restart, verdict: "uninspected", reason: "deadline"),
            .verdict(7, camera: "a", session: 6, sequence: 0, arrival: .duplicate, verdict: "uninspected", reason: "deadline"),
            // Across the sign of SQLite's numbers, and to the end of ours.
            .missing(8, camera: "z", session: 8, 1 << 63 - 5 ... 1 << 63 + 4), .missing(9, camera: "z", session: 8, UInt64.max ... .max),
        ], regionFiles: ["r": [1]])
        let figures = try file.reader().statistics()
        #expect(figures.epoch == journal.epoch && figures.events == 9 && figures.firstSeq == 1 && figures.lastSeq == 9 && figures.highestSeq == 9)
        #expect(figures.firstUTCNs == 0 && figures.lastUTCNs == 30 && figures.regionFiles == 1 && figures.bytes > 4096)
        #expect(figures.cameras.map(\.camera) == ["a", "b", "z"])
        let a = try #require(figures.cameras.first)
        #expect(a.verdicts == ["pass": 2, "fail": 1, "uninspected": 2] && a.reasons == ["deadline": 2] && a.frames == 5)
        #expect(a.missing == 5 && a.sessions == 2)
        #expect(figures.cameras[1].reasons == ["overload": 1] && figures.cameras[1].missing == 0)
        #expect(figures.cameras[2].missing == 11 && figures.cameras[2].frames == 0)
        #expect(try JSONDecoder().decode(JournalStatistics.self, from: JSONEncoder().encode(figures)) == figures)
    }
}
