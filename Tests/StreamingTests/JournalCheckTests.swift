import Foundation
import GRDB
import Testing
@testable import Streaming

@Suite struct JournalCheckTests {
    @Test(arguments: UInt64(0)..<16) func anyHistory_IsSound_AndItsBooksBalance(_ seed: UInt64) throws {
        let (file, history) = try History.journal(seed: seed)
        let check = try file.reader().check()
        #expect(check.problems == [] && check.isSound)
        #expect(check.received == history.received && check.missing == history.missing && check.cameraSessions == history.sessions)
        #expect(check.verdicts.values.reduce(0, +) == history.received)
        // received − late − duplicates + missing = last − first + 1, session by session.
        for (session, records) in Dictionary(grouping: history.records, by: \.session) {
            let row = records.filter { $0.kind == .missing || $0.arrival?.isInOrder == true }
            let first = try #require(row.first).sequence, last = try #require(row.last).lastSequence
            #expect(row.reduce(UInt64(0)) { $0 + ($1.lastSequence - $1.sequence + 1) } == last - first + 1, "session \(session)")
        }
    }

    /// What retention does.
    @Test(arguments: UInt64(20)..<24) func historyWithoutItsBeginning_IsSound(_ seed: UInt64) throws {
        let (file, history) = try History.journal(seed: seed, events: 120)
        for end in 1..<history.records.count {
            try file.execute("DELETE FROM event WHERE seq <= ?", [end])
            #expect(try file.reader().check().problems == [], "without the first \(end)")
        }
    }

    enum Damage: String, CaseIterable {
        case removeOne, removeNewest, removeMissing, removeRegionFile, removeAll
        case session, sequence, lastSequence, arrival, verdict, reason, model, regions, published, camera, kind
        case json, jsonCut, jsonSeq, jsonEpoch, jsonType, jsonCamera, jsonSession, jsonSequence, jsonVerdict, jsonKeyGone, jsonRange, missingRange

        /// - Parameter seq: of a verdict that is neither the first nor the last event.
        var sql: String {
            func json(_ key: String, _ value: String) -> String { "UPDATE event SET json = json_set(json, '$.\(key)', \(value)) WHERE seq = :seq" }
            return switch self {
            case .removeOne: "DELETE FROM event WHERE seq = :seq"
            case .removeNewest: "DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)"
            case .removeMissing: "DELETE FROM event WHERE seq = :missing"
            case .removeRegionFile: "DELETE FROM region_file WHERE revision = 'r1'"
            case .removeAll: "DELETE FROM event"
            case .session: "UPDATE event SET session = session + 1 WHERE seq = :seq"
            case .sequence: "UPDATE event SET sequence = sequence + 1 WHERE seq = :seq"
            case .lastSequence: "UPDATE event SET last_sequence = last_sequence + 1 WHERE seq = :seq"
            case .arrival: "UPDATE event SET arrival = NULL WHERE seq = :seq"
            case .verdict: "UPDATE event SET verdict = 'odd' WHERE seq = :seq"
            case .reason: "UPDATE event SET reason = 'odd' WHERE seq = :seq"
            case .model: "UPDATE event SET model = NULL WHERE seq = :seq"
            case .regions: "UPDATE event SET regions = 'r9' WHERE seq = :seq"
            case .published: "UPDATE event SET published_utc_ns = published_utc_ns - 1 WHERE seq = :seq"
            case .camera: "UPDATE event SET camera = camera || 'x' WHERE seq = :seq"
            case .kind: "UPDATE event SET kind = 'missing' WHERE seq = :seq"
            case .json: "UPDATE event SET json = '{}' WHERE seq = :seq"
            case .jsonCut: "UPDATE event SET json = substr(json, 1, length(json) - 1) WHERE seq = :seq"
            case .jsonSeq: json("seq", "1")
            case .jsonEpoch: json("epoch", "'x'")
            case .jsonType: json("type", "'missing'")
            case .jsonCamera: json("camera", "'x'")
            case .jsonSession: json("session", "-1")
            case .jsonSequence: json("sequence", "'1'")
            case .jsonVerdict: json("verdict", "'odd'")
            case .jsonKeyGone: "UPDATE event SET json = json_remove(json, '$.arrival') WHERE seq = :seq"
            case .jsonRange: "UPDATE event SET json = json_set(json, '$.last', 0) WHERE seq = :missing"
            case .missingRange: "UPDATE event SET sequence = sequence + 1 WHERE seq = :missing"
            }
        }
    }

    /// One kind of damage at a time, each in several journals; numbers as they are told are those of the damaged event.
    @Test(arguments: Damage.allCases, UInt64(40)..<43) func everyDamage_IsFound(_ damage: Damage, _ seed: UInt64) throws {
        let (file, history) = try History.journal(seed: seed, events: 150)
        let verdicts = history.records.dropFirst().dropLast().filter { $0.kind == .verdict }
        let missing = try #require(history.records.dropFirst().first { $0.kind == .missing }).seq
        var generator = SeededGenerator(state: seed)
        // In the whole journal, and with an index that does not mind.
        try file.execute("DROP INDEX event_once")
        #expect(try file.reader().check().isSound)
        let seq = verdicts[verdicts.indices.randomElement(using: &generator) ?? verdicts.startIndex].seq
        try file.execute(damage.sql, damage.sql.contains(":missing") ? ["missing": Int64(missing)] : damage.sql.contains(":seq") ? ["seq": Int64(seq)] : [])
        let check = try file.reader().check()
        #expect(!check.isSound, "\(damage) of event \(seq)")
        #expect(check.problems.count == min(check.problemCount, JournalCheck.mostProblems))
    }

    @Test func damagedFile_IsNamed() throws {
        let (file, _) = try History.journal(seed: 60, events: 400)
        let size = try #require(file.size(""))
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file.path))
        for page in stride(from: 4096 * 12, to: size, by: 4096 * 3) {
            try handle.seek(toOffset: UInt64(page))
            try handle.write(contentsOf: Data(repeating: 0xA5, count: 3000))
        }
        try handle.close()
        let check = try file.reader().check()
        #expect(!check.isSound && check.problems.contains { $0.contains("damaged") })
    }

    @Test func problems_AreCounted_AndNotAllListed() throws {
        let (file, history) = try History.journal(seed: 61)
        try file.execute("UPDATE event SET json = '{}'")
        let check = try file.reader().check()
        #expect(check.problems.count == JournalCheck.mostProblems && check.problemCount == history.records.count)
    }
}

/// The camera's count alone: events that agree with themselves and not with each other.
@Suite struct SessionWalkTests {
    private func problems(_ records: [JournalRecord]) -> [UInt64] {
        var walk = SessionWalk()
        return records.compactMap { walk.follow($0) == nil ? nil : $0.seq }
    }

    private static let top32 = UInt64(UInt32.max), top63 = UInt64(Int64.max)

    static let rows: [(name: String, records: [JournalRecord], wrong: [UInt64])] = [
        ("next", [.verdict(1, arrival: .first), .verdict(2)], []),
        ("hole", [.verdict(1, arrival: .first), .verdict(2, sequence: 3)], [2]),
        ("back", [.verdict(1, sequence: 5, arrival: .first), .verdict(2, sequence: 4)], [2]),
        ("the same again as the next", [.verdict(1, arrival: .first), .verdict(2, sequence: 1)], [2]),
        ("gap", [.verdict(1, arrival: .first), .missing(2, 2...4), .verdict(3, sequence: 5, arrival: .gap)], []),
        ("gap that is not reported", [.verdict(1, arrival: .first), .verdict(3, sequence: 5, arrival: .gap)], [3]),
        ("gap of another size", [.verdict(1, arrival: .first), .missing(2, 2...4), .verdict(3, sequence: 6, arrival: .gap)], [3]),
        ("gap that begins elsewhere", [.verdict(1, arrival: .first), .missing(2, 3...4), .verdict(3, sequence: 5, arrival: .gap)], [2, 3]),
        ("two gaps", [.verdict(1, arrival: .first), .missing(2, 2...2), .missing(3, 3...3), .verdict(4, sequence: 4, arrival: .gap)], [3, 4]),
        ("what is missing is not said of the frame", [.verdict(1, arrival: .first), .missing(2, 2...4), .verdict(3, sequence: 5)], [3]),
        ("missing before a new count", [.verdict(1, arrival: .first), .missing(2, 2...4), .verdict(3, session: 3, sequence: 9, arrival: .restart)], [3]),
        ("missing of another session", [.verdict(1, arrival: .first), .missing(2, session: 2, 2...4), .verdict(3, sequence: 5, arrival: .gap)], [2, 3]),
        ("restart", [.verdict(1, arrival: .first), .verdict(2, session: 2, sequence: 0, arrival: .restart), .verdict(3, session: 2, sequence: 1)], []),
        ("restart in the old session", [.verdict(1, arrival: .first), .verdict(2, sequence: 0, arrival: .restart)], [2]),
        ("daemon's restart", [.verdict(1, arrival: .first), .verdict(2, session: 2, sequence: 9, arrival: .first)], []),
        ("another session without a reason", [.verdict(1, arrival: .first), .verdict(2, session: 2)], [2]),
        ("late and duplicate", [.verdict(1, sequence: 7, arrival: .first), .verdict(2, sequence: 7, arrival: .duplicate), .verdict(3, sequence: 5, arrival: .late), .verdict(4, sequence: 8)], []),
        ("late, and yet ahead", [.verdict(1, sequence: 7, arrival: .first), .verdict(2, sequence: 8, arrival: .late)], [2]),
        ("late, and yet the last", [.verdict(1, sequence: 7, arrival: .first), .verdict(2, sequence: 7, arrival: .late)], [2]),
        ("duplicate of another", [.verdict(1, sequence: 7, arrival: .first), .verdict(2, sequence: 6, arrival: .duplicate)], [2]),
        ("no arrival", [.verdict(1, arrival: .first), { var record = JournalRecord.verdict(2); record.arrival = nil; return record }()], [2]),
        ("wrap at 2^32", [.verdict(1, sequence: top32, arrival: .first), .verdict(2, session: 2, sequence: 0), .verdict(3, session: 2, sequence: 1)], []),
        ("wrap at 2^63", [.verdict(1, sequence: top63, arrival: .first), .verdict(2, session: 2, sequence: 0)], []),
        ("wrap at 2^64", [.verdict(1, sequence: .max, arrival: .first), .verdict(2, session: 2, sequence: 0)], []),
        ("no wrap at 2^32", [.verdict(1, sequence: top32, arrival: .first), .verdict(2, sequence: top32 + 1)], []),
        ("wrap that stays in the session", [.verdict(1, sequence: top32, arrival: .first), .verdict(2, sequence: 0)], [2]),
        ("wrap elsewhere", [.verdict(1, sequence: top32 - 1, arrival: .first), .verdict(2, session: 2, sequence: 0)], [2]),
        ("begins with a late one", [.verdict(5, sequence: 3, arrival: .late), .verdict(6, sequence: 9), .verdict(7, sequence: 10)], []),
        ("begins with a duplicate", [.verdict(5, sequence: 3, arrival: .duplicate), .verdict(6, sequence: 4)], []),
        ("begins with what is missing", [.missing(5, 3...4), .verdict(6, sequence: 5, arrival: .gap), .verdict(7, sequence: 6)], []),
        (
            "two cameras", [.verdict(1, camera: "a", arrival: .first), .verdict(2, camera: "b", session: 2, sequence: 70, arrival: .first), .verdict(3, camera: "a", sequence: 2), .verdict(4, camera: "b", session: 2, sequence: 72)],
            [4]
        ),
    ]

    @Test(arguments: rows.indices) func rows_AreJudged(_ index: Int) {
        let (name, records, wrong) = Self.rows[index]
        #expect(problems(records) == wrong, "\(name)")
    }

    @Test(arguments: UInt64(0)..<8) func anyEventTakenOut_IsMissed_UnlessACountBeginsAfterIt(_ seed: UInt64) {
        var history = History(seed: seed, epoch: "e")
        history.grow(200)
        for (index, record) in history.records.enumerated() where record.kind == .missing || record.arrival?.isInOrder == true {
            var rest = history.records
            rest.remove(at: index)
            let before = history.records[..<index].contains { $0.camera == record.camera && $0.kind == .verdict && $0.arrival != .late }
            let after = history.records[(index + 1)...].first { $0.camera == record.camera }
            let isCovered = after == nil || after?.arrival == .first || after?.arrival == .restart || !before || after?.arrival == .late && isCoveredByLate(history.records[(index + 1)...], record.camera)
            guard !isCovered else { continue }
            #expect(!problems(rest).isEmpty, "event \(record.seq)")
        }
    }

    /// Late frames fit anywhere; what comes after them tells.
    private func isCoveredByLate(_ rest: ArraySlice<JournalRecord>, _ camera: String) -> Bool {
        let next = rest.first { $0.camera == camera && $0.arrival != .late }
        return next == nil || next?.arrival == .first || next?.arrival == .restart
    }
}
