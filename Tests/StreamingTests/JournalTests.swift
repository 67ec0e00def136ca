import Foundation
import GRDB
import Testing
@testable import Streaming

@Suite struct JournalTests {
    private func numbers(_ reader: JournalReader) throws -> [UInt64] {
        var numbers: [UInt64] = []
        try reader.forEach(JournalReader.Query()) { numbers.append($0.seq) }
        return numbers
    }

    private func kind(_ body: () throws -> Void) -> JournalError.Kind? {
        do { try body() } catch { return (error as? JournalError)?.kind }
        return nil
    }

    @Test func newFile_BeginsAnEpoch_AndReopeningGoesOn() throws {
        let file = try JournalFile()
        var epoch = ""
        do {
            let journal = try file.open()
            epoch = journal.epoch
            #expect(epoch.count == 16 && journal.lastSeq == 0)
            try journal.append((1...3).map { .verdict($0, epoch: epoch) })
            try journal.append([])
            #expect(journal.lastSeq == 3)
        }
        do {
            let journal = try file.open()
            #expect(journal.epoch == epoch && journal.lastSeq == 3 && journal.removed == 0)
            try journal.append([.verdict(4, epoch: epoch)])
        }
        #expect(try numbers(file.reader()) == [1, 2, 3, 4])
        #expect(try JournalFile().open().epoch != epoch)
    }

    @Test func events_AreReadAsTheyWereWritten() throws {
        let file = try JournalFile()
        let journal = try file.open()
        let records: [JournalRecord] = [
            .verdict(1, camera: "ü \"x\"", session: .max, sequence: .max, arrival: .first, verdict: "uninspected", reason: "overload", utcNs: .min),
            .missing(2, camera: "d", session: 1 << 63, UInt64.max - 4 ... .max, utcNs: .max),
            .verdict(3, session: 1 << 63 + 1, sequence: 1 << 63, arrival: .late, regions: "r"),
            .missing(4, session: 3, 1 << 63 - 2 ... 1 << 63 + 2),
        ]
        try journal.append(records)
        let reader = try file.reader()
        for record in records { #expect(try reader.record(seq: record.seq) == record) }
        #expect(try reader.record(seq: 5) == nil && reader.record(seq: .max) == nil)
    }

    @Test func append_TakesAllOrNone_AndGoesOnAfterwards() throws {
        let file = try JournalFile()
        let journal = try file.open()
        try journal.append([.verdict(1), .verdict(2)])
        // The last one is a frame that the camera's session has already.
        let bad: [JournalRecord] = [.verdict(3), .verdict(4), .verdict(5, sequence: 2)]
        #expect(kind { try journal.append(bad, regionFiles: ["r": [1]]) } == .other)
        #expect(try journal.lastSeq == 2 && numbers(file.reader()) == [1, 2])
        #expect(try file.reader().regionFile(revision: "r") == nil, "what came with them is not there either")
        try journal.append([.verdict(3), .verdict(4)], regionFiles: ["r": [1]])
        #expect(try numbers(file.reader()) == [1, 2, 3, 4])
        #expect(try file.reader().regionFile(revision: "r") == [1])
    }

    @Test func duplicateAndLateFrames_AreEventsOfTheirOwn() throws {
        let file = try JournalFile()
        let journal = try file.open()
        try journal.append([.verdict(1), .verdict(2, sequence: 1, arrival: .duplicate), .verdict(3, sequence: 1, arrival: .late), .verdict(4, session: 4, sequence: 1, arrival: .restart)])
        #expect(try numbers(file.reader()).count == 4)
    }

    @Test(arguments: [[2], [1, 3], [1, 1], [0], [1, 2, 2]] as [[UInt64]]) func numbersThatDoNotFollow_AreRefused(_ row: [UInt64]) throws {
        let file = try JournalFile()
        let journal = try file.open()
        #expect(kind { try journal.append(row.enumerated().map { .verdict($1, sequence: UInt64($0)) }) } == .other)
        #expect(try journal.lastSeq == 0 && numbers(file.reader()).isEmpty)
    }

    @Test(arguments: [(JournalSettings.Durability.full, 2), (.normal, 1)]) func commits_AreAsDurableAsAsked(_ durability: JournalSettings.Durability, _ level: Int) throws {
        let file = try JournalFile()
        for _ in 0..<2 {
            let journal = try file.open(isDurable: true) { $0.durability = durability }
            let (synchronous, mode) = try journal.queue.writeWithoutTransaction { database in
                (try Int.fetchOne(database, sql: "PRAGMA synchronous"), try String.fetchOne(database, sql: "PRAGMA journal_mode"))
            }
            #expect(synchronous == level && mode == "wal")
        }
        #expect(JournalSettings().durability == .full)
    }

    @Test func secondWriter_IsRefused_UntilTheFirstIsGone() throws {
        let file = try JournalFile()
        do {
            let journal = try file.open()
            #expect { try file.open() } throws: { ($0 as? JournalError)?.kind == .busy && "\($0)".contains("another flawd's; a journal has one writer") }
            try journal.append([.verdict(1)])
        }
        #expect(try file.open().lastSeq == 1)
    }

    @Test(arguments: ["CREATE TABLE event (a)", "CREATE TABLE t (a)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"])
    func anotherProgramsDatabase_IsRefused_AndLeftAlone(_ sql: String) throws {
        let file = try JournalFile()
        try file.execute(sql)
        let before = try Data(contentsOf: URL(fileURLWithPath: file.path))
        #expect { try file.open() } throws: { ($0 as? JournalError)?.kind == .content && "\($0)".contains("another program's database") }
        #expect { try file.reader() } throws: { ($0 as? JournalError)?.kind == .content }
        #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == before)
        #expect(file.size("-wal") == nil && file.size(".ballast") == nil)
    }

    @Test func anotherFormat_IsNamed() throws {
        let file = try JournalFile()
        _ = try file.open()
        try file.execute("PRAGMA user_version = 9")
        #expect { try file.open() } throws: { ($0 as? JournalError)?.kind == .content && "\($0)".contains("format 9") }
        try file.execute("PRAGMA user_version = 1; DELETE FROM journal")
        #expect { try file.open() } throws: { ($0 as? JournalError)?.kind == .content && "\($0)".contains("epoch") }
    }

    @Test func whatIsNoDatabase_IsRefused() throws {
        let file = try JournalFile()
        for text in [String(repeating: "not a database ", count: 500), String(repeating: "x", count: 100)] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file.path))
            #expect { try file.open() } throws: { ($0 as? JournalError)?.kind == .content && "\($0)".contains(file.path) }
            #expect { try file.reader() } throws: { ($0 as? JournalError)?.kind == .content }
            #expect(try String(contentsOfFile: file.path, encoding: .utf8) == text)
        }
    }

    @Test func missingFolder_IsNamed() {
        #expect { try Journal(path: "/no/such/folder/j", utcNs: 0) } throws: {
            ($0 as? JournalError)?.kind == .other && "\($0)".contains("/no/such/folder/j") && "\($0)".contains("folder must be there")
        }
    }

    @Test func regionFiles_AreKeptOnce() throws {
        let file = try JournalFile()
        do {
            let journal = try file.open()
            try journal.append([.verdict(1, regions: "a")], regionFiles: ["a": [1, 2]])
            try journal.append([.verdict(2, regions: "a"), .verdict(3, regions: "b")], regionFiles: ["a": [9], "b": []])
        }
        let journal = try file.open()
        try journal.append([.verdict(4, regions: "a")], regionFiles: ["a": [8]])
        let reader = try file.reader()
        #expect(try reader.regionFile(revision: "a") == [1, 2] && reader.regionFile(revision: "b") == [])
        #expect(try reader.regionFile(revision: "c") == nil)
        #expect(try reader.statistics().regionFiles == 2)
    }

    // MARK: Retention

    private static let second: Int64 = 1_000_000_000

    @Test func oldEvents_GoFromTheFirstOn_AtMostAThousandAtOnce_AndNeverTheNewest() throws {
        let file = try JournalFile()
        do {
            let journal = try file.open { $0.keepSeconds = 100 }
            for start in stride(from: UInt64(1), to: 2500, by: 500) {
                try journal.append((start..<start + 500).map { .verdict($0, utcNs: Int64($0) * Self.second) })
            }
            let reader = try file.reader()
            #expect(try journal.tidy(utcNs: 2500 * Self.second))
            #expect(try reader.range == 1001...2500)
            #expect(try journal.tidy(utcNs: 2500 * Self.second))
            #expect(try reader.range == 2001...2500)
            #expect(try !journal.tidy(utcNs: 2500 * Self.second))
            #expect(try reader.range == 2400...2500 && journal.removed == 2399)
            while try journal.tidy(utcNs: .max) {}
            #expect(try reader.range == 2500...2500 && numbers(reader) == [2500])
            #expect(journal.lastSeq == 2500)
        }
        let journal = try file.open()
        #expect(journal.lastSeq == 2500)
        try journal.append([.verdict(2501)])
        #expect(try numbers(file.reader()) == [2500, 2501])
    }

    @Test func clockThatWasSetBack_LeavesNoGap() throws {
        let file = try JournalFile()
        let journal = try file.open { $0.keepSeconds = 10 }
        let times: [Int64] = [0, 1, 500, 2, 3, 501]
        try journal.append(times.enumerated().map { .verdict(UInt64($0) + 1, utcNs: $1 * Self.second) })
        #expect(try !journal.tidy(utcNs: 505 * Self.second))
        #expect(try numbers(file.reader()) == [3, 4, 5, 6])
    }

    @Test func neverNumber_IsGivenTwice_EvenWhenNothingIsLeft() throws {
        let file = try JournalFile()
        do {
            let journal = try file.open()
            try journal.append((1...5).map { .verdict($0) })
        }
        try file.execute("DELETE FROM event")
        let journal = try file.open()
        #expect(journal.lastSeq == 5)
        try journal.append([.verdict(6)])
        #expect(try numbers(file.reader()) == [6])
    }

    @Test func size_IsKept_ByRemovingTheOldest() throws {
        let file = try JournalFile()
        let limit: Int64 = 1 << 20
        let journal = try file.open {
            $0.keepBytes = limit
            $0.keepSeconds = nil
        }
        for start in stride(from: UInt64(1), to: 4000, by: 500) {
            try journal.append((start..<start + 500).map { .verdict($0, padding: 500) })
        }
        var before = 0, isMore = true
        while isMore {
            isMore = try journal.tidy(utcNs: .max)
            #expect(journal.removed - before <= 1000)
            before = journal.removed
        }
        let reader = try file.reader(), kept = try #require(try reader.range)
        #expect(kept.upperBound == 4000 && kept.lowerBound > 1 && kept.count > 500, "no more than is needed")
        #expect(try numbers(reader) == Array(kept))
        #expect(try reader.record(seq: kept.lowerBound)?.json.count ?? 0 > 500)
        let used = try journal.queue.writeWithoutTransaction { database in
            try Int64.fetchOne(database, sql: "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size")
        }
        #expect(try #require(used) <= limit)
    }

    @Test func withoutLimits_NothingGoes() throws {
        let file = try JournalFile()
        let journal = try file.open {
            $0.keepBytes = nil
            $0.keepSeconds = nil
        }
        try journal.append((1...50).map { .verdict($0) })
        #expect(try !journal.tidy(utcNs: .max) && journal.removed == 0)
        #expect(try file.reader().range == 1...50)
    }

    // MARK: Trouble

    @Test func fullDatabase_IsTemporary_AndTheBallastIsGivenUp() throws {
        let file = try JournalFile()
        let ballast = 1 << 20
        let journal = try file.open { $0.ballastBytes = Int64(ballast) }
        try #require(file.size(".ballast") == ballast)
        try journal.append([.verdict(1)])
        func limit(_ pages: Int) throws {
            _ = try journal.queue.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(pages)") }
        }
        try limit(1)
        let large = (UInt64(2)...40).map { JournalRecord.verdict($0, padding: 2000) }
        #expect { try journal.append(large) } throws: {
            guard let error = $0 as? JournalError else { return false }
            return error.kind == .full && error.isTemporary
        }
        #expect(file.size(".ballast") == 0)
        #expect(try journal.lastSeq == 1 && numbers(file.reader()) == [1])
        try limit(1 << 20)
        try journal.append(large)
        #expect(try journal.lastSeq == 40 && numbers(file.reader()).count == 40)
        _ = try journal.tidy(utcNs: 0)
        #expect(file.size(".ballast") == ballast, "there is room again")
    }

    @Test func ballastOfBefore_IsTakenOver() throws {
        let file = try JournalFile()
        _ = try file.open { $0.ballastBytes = 1 << 16 }
        #expect(file.size(".ballast") == 1 << 16)
        _ = try file.open { $0.ballastBytes = 1 << 16 }
        #expect(file.size(".ballast") == 1 << 16)
        let ballast = JournalBallast(path: file.path + ".ballast", bytes: 1 << 16)
        #expect(ballast.isHeld && ballast.release() && !ballast.release())
    }

    @Test func fileThatIsHeld_IsTemporary() throws {
        let file = try JournalFile()
        let journal = try file.open()
        let other = try DatabaseQueue(path: file.path)
        try other.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            #expect { try journal.append([.verdict(1)]) } throws: {
                guard let error = $0 as? JournalError else { return false }
                return error.kind == .busy && error.isTemporary
            }
            try database.execute(sql: "ROLLBACK")
        }
        try journal.append([.verdict(1)])
        #expect(try numbers(file.reader()) == [1])
    }

    #if os(Linux)
    /// The write-ahead log's descriptor is replaced by one that may not be written.
    @Test func diskThatFails_IsNotTrustedAgain_UntilTheFileIsReopened() throws {
        let file = try JournalFile()
        var journal: Journal? = try file.open()
        try journal?.append([.verdict(1)])
        let descriptor = try #require((3..<1024).first { number in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")) == file.path + "-wal"
        })
        let kept = dup(Int32(descriptor)), readOnly = open(file.path + "-wal", O_RDONLY)
        dup2(readOnly, Int32(descriptor))
        func fails() -> Bool {
            do { try journal?.append([.verdict(2)]) } catch { return error.kind == .disk && !error.isTemporary }
            return false
        }
        #expect(fails())
        dup2(kept, Int32(descriptor))
        close(kept)
        close(readOnly)
        #expect(fails(), "it works again, and is not believed")
        #expect(kind { _ = try journal?.tidy(utcNs: 0) } == .disk)
        #expect(journal?.lastSeq == 1)
        journal = nil
        let again = try file.open()
        try again.append([.verdict(2)])
        #expect(try numbers(file.reader()) == [1, 2])
    }
    #endif

    @Test(arguments: [
        (ResultCode.SQLITE_FULL, JournalError.Kind.full), (.SQLITE_BUSY, .busy), (.SQLITE_LOCKED, .busy), (.SQLITE_BUSY_SNAPSHOT, .busy),
        (.SQLITE_IOERR, .disk), (.SQLITE_IOERR_FSYNC, .disk), (.SQLITE_IOERR_WRITE, .disk), (.SQLITE_IOERR_SHMSIZE, .full),
        (.SQLITE_CORRUPT, .content), (.SQLITE_NOTADB, .content), (.SQLITE_CANTOPEN, .other), (.SQLITE_READONLY, .other), (.SQLITE_CONSTRAINT, .other),
    ])
    func resultCodes_SayWhatHelps(_ code: ResultCode, _ kind: JournalError.Kind) {
        let error = JournalError("/p", doing: "x", DatabaseError(resultCode: code, message: "why"))
        #expect(error.kind == kind && error.isTemporary == (kind == .full || kind == .busy))
        #expect(error.description.hasPrefix("/p: cannot x: why"))
    }
}
