import Foundation
import Testing
@testable import Streaming

@Suite struct JournalComparisonTests {
    private func compare(_ lines: [[UInt8]], _ reader: JournalReader) throws -> JournalComparison {
        var comparison = JournalComparison()
        for line in lines { try comparison.add(line, reader) }
        try comparison.finish(reader)
        return comparison
    }

    private func journal(_ count: UInt64) throws -> (file: JournalFile, records: [JournalRecord]) {
        let file = try JournalFile(), journal = try file.open()
        let records = (1...count).map { JournalRecord.verdict($0, epoch: journal.epoch) }
        try journal.append(records)
        return (file, records)
    }

    @Test func everythingSeen_IsTheSame() throws {
        let (file, records) = try journal(20)
        let comparison = try compare(records.map(\.json), file.reader())
        #expect(comparison.isSound && comparison.same == 20 && comparison.unseen == [] && comparison.range == 1...20)
    }

    @Test func whatWasNotSeen_IsListed_BetweenTheFirstAndTheLast() throws {
        let (file, records) = try journal(20)
        let seen = records.filter { [5, 6, 9, 15].contains($0.seq) }.reversed().map(\.json)
        let comparison = try compare(seen, file.reader())
        #expect(comparison.isSound && comparison.same == 4 && comparison.range == 5...15)
        #expect(comparison.unseen == [7, 8, 10, 11, 12, 13, 14])
    }

    @Test func everyDifference_HasItsPlace() throws {
        let (file, records) = try journal(20)
        try file.execute("DELETE FROM event WHERE seq <= 3")
        let epoch = try file.reader().epoch
        func event(_ seq: UInt64, epoch: String, camera: String = "c") -> [UInt8] { JournalRecord.verdict(seq, camera: camera, epoch: epoch).json }
        let lines = [
            event(4, epoch: epoch), event(4, epoch: epoch), event(5, epoch: epoch, camera: "x"), event(2, epoch: epoch), event(7, epoch: "other"),
            event(21, epoch: epoch), Array("{".utf8), Array("not JSON".utf8), Array(#"{"type":"verdict","seq":0,"epoch":"e"}"#.utf8), Array(#"{"type":"verdict","epoch":"e"}"#.utf8),
            Array(#"{"type":"status","condition":"x"}"#.utf8), Array(#"{"type":"heartbeat","epoch":"\#(epoch)","seq":9}"#.utf8), records[5].json + [0x20],
        ]
        let comparison = try compare(lines, file.reader())
        #expect(comparison.same == 1 && comparison.repeated == 1 && comparison.different == [5, 6] && comparison.beyond == 2)
        #expect(comparison.unknown == [21] && comparison.unreadable == 4 && !comparison.isSound)
    }

    @Test func nothingSeen_IsSound() throws {
        let (file, _) = try journal(3)
        let comparison = try compare([], file.reader())
        #expect(comparison.isSound && comparison.range == nil && comparison.unseen == [])
    }
}
