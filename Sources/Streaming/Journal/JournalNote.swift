import Foundation
import GRDB

/// What a person found out about an inspected part.
public struct JournalMark: Sendable, Codable, Equatable {
    /// What the part is, whatever its verdict was.
    public enum Truth: String, Sendable, Codable, CaseIterable { case good, defective }

    /// Of the verdict event.
    public var seq: UInt64
    public var camera: String
    public var truth: Truth
    /// For people.
    public var note: String
    /// Defects as somebody drew them, closed outlines of `[x, y]` in pixels of the frame; empty: as the verdict has them.
    public var outlines: [[[Double]]]
    /// Who says so, and when, ns since 1970.
    public var who: String
    public var utcNs: Int64

    public init(seq: UInt64, camera: String, truth: Truth, note: String = "", outlines: [[[Double]]] = [], who: String, utcNs: Int64) {
        self.seq = seq
        self.camera = camera
        self.truth = truth
        self.note = note
        self.outlines = outlines
        self.who = who
        self.utcNs = utcNs
    }

    enum CodingKeys: String, CodingKey {
        case seq, camera, truth, note, outlines, who
        case utcNs = "utc_ns"
    }
}

/// Something that a person changed.
public struct AuditEntry: Sendable, Codable, Equatable {
    /// Counted by the journal; 0: not yet.
    public var id: Int64
    public var utcNs: Int64
    public var who: String
    /// Such as `regions`, `restore`, `mark`.
    public var action: String
    /// What was changed: a camera, an event.
    public var subject: String
    public var before: String
    public var after: String

    public init(id: Int64 = 0, utcNs: Int64, who: String, action: String, subject: String, before: String, after: String) {
        self.id = id
        self.utcNs = utcNs
        self.who = who
        self.action = action
        self.subject = subject
        self.before = before
        self.after = after
    }

    enum CodingKeys: String, CodingKey {
        case id, who, action, subject, before, after
        case utcNs = "utc_ns"
    }
}

/// What people add to a journal. An event never changes by it.
public enum JournalNote: Sendable, Equatable {
    /// Takes the place of an earlier one.
    case mark(JournalMark)
    case unmark(seq: UInt64)
    case audit(AuditEntry)
    /// A region file that came into force by somebody's hand, whether a verdict ever names it or not.
    case regionFile(revision: String, text: [UInt8])
}

extension JournalSchema {
    /// The tables of what people say. A journal from before they were there gets them when a daemon opens it.
    static func addNotes(_ database: Database) throws {
        guard try !database.tableExists("audit") else { return }
        try database.inTransaction(.immediate) {
            try database.execute(sql: """
                CREATE TABLE mark (seq INTEGER PRIMARY KEY, camera TEXT NOT NULL, truth TEXT NOT NULL, note TEXT NOT NULL, outlines TEXT NOT NULL,
                  who TEXT NOT NULL, utc_ns INTEGER NOT NULL) STRICT;
                CREATE INDEX mark_camera ON mark (camera);
                CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, utc_ns INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
                  subject TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL) STRICT;
                """)
            return .commit
        }
    }
}

extension Journal {
    /// Commits notes, all or none.
    ///
    /// - Parameter utcNs: ns since 1970, of region files.
    /// - Throws: ``JournalError``; then none of them is in the journal.
    public func note(_ notes: [JournalNote], utcNs: Int64) throws(JournalError) {
        if let fault { throw fault }
        do {
            try queue.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for note in notes { try Self.write(note, database, utcNs: utcNs) }
                    return .commit
                }
            }
        } catch {
            throw remembered(JournalError(path, doing: "write to it", error))
        }
    }

    private static func write(_ note: JournalNote, _ database: Database, utcNs: Int64) throws {
        switch note {
        case .mark(let mark):
            try database.execute(
                sql: "INSERT OR REPLACE INTO mark (seq, camera, truth, note, outlines, who, utc_ns) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    Int64(clamping: mark.seq), mark.camera, mark.truth.rawValue, mark.note,
                    String(decoding: try JSONEncoder().encode(mark.outlines), as: UTF8.self), mark.who, mark.utcNs,
                ])
        case .unmark(let seq): try database.execute(sql: "DELETE FROM mark WHERE seq = ?", arguments: [Int64(clamping: seq)])
        case .audit(let entry):
            try database.execute(
                sql: "INSERT INTO audit (utc_ns, who, action, subject, before, after) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [entry.utcNs, entry.who, entry.action, entry.subject, entry.before, entry.after])
        case .regionFile(let revision, let text):
            try database.execute(
                sql: "INSERT OR IGNORE INTO region_file (revision, first_used_utc_ns, text) VALUES (?, ?, ?)", arguments: [revision, utcNs, Data(text)])
        }
    }
}

extension JournalReader {
    /// Marks of events, by their numbers; of all events where `seqs` is nil.
    public func marks(of seqs: [UInt64]? = nil) throws(JournalError) -> [UInt64: JournalMark] {
        try read { database in
            guard try database.tableExists("mark") else { return [:] }
            var marks: [UInt64: JournalMark] = [:]
            func take(_ rows: RowCursor) throws { while let row = try rows.next() { let mark = try JournalMark(row, path: path); marks[mark.seq] = mark } }
            guard let seqs else {
                try take(Row.fetchCursor(database, sql: "SELECT * FROM mark ORDER BY seq"))
                return marks
            }
            let statement = try database.cachedStatement(sql: "SELECT * FROM mark WHERE seq = ?")
            for seq in seqs { try take(Row.fetchCursor(statement, arguments: [Int64(clamping: seq)])) }
            return marks
        }
    }

    /// What was changed by people, the newest first.
    ///
    /// - Parameter before: only entries whose `id` is lower.
    public func audit(before: Int64 = .max, limit: Int) throws(JournalError) -> [AuditEntry] {
        try read { database in
            guard try database.tableExists("audit") else { return [] }
            return try Row.fetchAll(database, sql: "SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?", arguments: [before, limit]).map { row in
                AuditEntry(
                    id: row["id"], utcNs: row["utc_ns"], who: row["who"], action: row["action"], subject: row["subject"], before: row["before"], after: row["after"])
            }
        }
    }

    /// Every region file that is kept, and since when, ns since 1970; the newest first.
    public func regionFiles(limit: Int) throws(JournalError) -> [(revision: String, utcNs: Int64)] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT revision, first_used_utc_ns FROM region_file ORDER BY first_used_utc_ns DESC LIMIT ?", arguments: [limit])
                .map { ($0["revision"], $0["first_used_utc_ns"]) }
        }
    }

    /// How many verdicts of each kind were published in each span of `seconds`: the span's beginning in s since 1970, to counts.
    ///
    /// - Parameter published: ns since 1970.
    public func verdictCounts(published: Range<Int64>, seconds: Int64) throws(JournalError) -> [Int64: [String: Int]] {
        try read { database in
            var counts: [Int64: [String: Int]] = [:]
            let rows = try Row.fetchCursor(
                database, sql: """
                    SELECT published_utc_ns / ? AS span, verdict, count(*) AS number FROM event
                    WHERE published_utc_ns >= ? AND published_utc_ns < ? AND verdict IS NOT NULL GROUP BY span, verdict
                    """, arguments: [seconds * 1_000_000_000, published.lowerBound, published.upperBound])
            while let row = try rows.next() { counts[(row["span"] as Int64) * seconds, default: [:]][row["verdict"] as String] = row["number"] }
            return counts
        }
    }
}

extension JournalMark {
    fileprivate init(_ row: Row, path: String) throws {
        guard let seq = Int64.fromDatabaseValue(row["seq"]), seq > 0, let truth = String.fromDatabaseValue(row["truth"]).flatMap(Truth.init) else {
            throw JournalError(path, "has a mark that cannot be read; it is damaged", kind: .content)
        }
        let outlines = try? JSONDecoder().decode([[[Double]]].self, from: Data((row["outlines"] as String).utf8))
        self.init(seq: UInt64(seq), camera: row["camera"], truth: truth, note: row["note"], outlines: outlines ?? [], who: row["who"], utcNs: row["utc_ns"])
    }
}
