import Dispatch
import Foundation
import GRDB

/// Reads a journal, also while a daemon writes it. Not thread-safe.
public final class JournalReader {
    public let path: String
    public let epoch: String
    let queue: DatabaseQueue

    /// - Throws: ``JournalError`` naming a file that is not there or no journal.
    public init(path: String) throws(JournalError) {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else { throw JournalError(path, "is not there; `journal:` in the configuration names the file") }
        do {
            do { (queue, epoch) = try Self.opened(path, as: path) } catch {
                guard let archive = Self.archive(path) else { throw error }
                (queue, epoch) = try Self.opened(path, as: archive)
            }
        } catch {
            throw JournalError(path, doing: "read it", error)
        }
    }

    private static func opened(_ path: String, as name: String) throws -> (DatabaseQueue, String) {
        var configuration = Configuration()
        configuration.label = "flawd.journal.reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        let queue = try DatabaseQueue(path: name, configuration: configuration)
        return (queue, try queue.read { database in
            guard let epoch = try JournalSchema.epoch(database, path: path) else {
                throw JournalError(path, "is empty; a journal that was copied while flawd ran needs its -wal file beside it", kind: .content)
            }
            return epoch
        })
    }

    /// How SQLite is told that nobody writes to a file (sqlite.org/uri.html): that of a journal in a folder where files that go with it cannot be
    /// made, such as an archive's. While a daemon has one open there is a `-wal`. nil: it may be written to.
    private static func archive(_ path: String) -> String? {
        let url = URL(fileURLWithPath: path)
        guard access(url.deletingLastPathComponent().path, W_OK) != 0, !FileManager.default.fileExists(atPath: path + "-wal") else { return nil }
        return url.absoluteString + "?immutable=1"
    }

    /// The numbers that are kept: lowest and highest; nil: none.
    public var range: ClosedRange<UInt64>? {
        get throws(JournalError) {
            try read { database in
                guard let first = try Int64.fetchOne(database, sql: "SELECT min(seq) FROM event"),
                      let last = try Int64.fetchOne(database, sql: "SELECT max(seq) FROM event"), first > 0, first <= last
                else { return nil }
                return UInt64(first)...UInt64(last)
            }
        }
    }

    /// What is kept and the highest number ever given, of one moment.
    public struct Extent: Sendable, Equatable {
        public var kept: ClosedRange<UInt64>?
        public var lastSeq: UInt64
    }

    /// Events in order.
    public struct Page: Sendable {
        public var extent: Extent
        public var records: [JournalRecord]
        /// There are no more of them.
        public var isLast: Bool
    }

    /// Events after `seq`, of one moment: at most `limit`, and no more than `bytes` of JSON, but one at least.
    ///
    /// - Parameter camera: only of cameras whose names begin so.
    public func page(after seq: UInt64, limit: Int, bytes: Int, camera: String = "") throws(JournalError) -> Page {
        try read { database in
            let first = try Int64.fetchOne(database, sql: "SELECT min(seq) FROM event"), last = try Int64.fetchOne(database, sql: "SELECT max(seq) FROM event")
            var page = Page(extent: Extent(kept: nil, lastSeq: try JournalSchema.lastSeq(database)), records: [], isLast: true)
            if let first, let last, first > 0, first <= last { page.extent.kept = UInt64(first)...UInt64(last) }
            let statement = try database.cachedStatement(sql: """
                SELECT * FROM event WHERE seq > ? AND substr(camera, 1, length(?)) = ? ORDER BY seq LIMIT ?
                """)
            let rows = try Row.fetchCursor(statement, arguments: [Int64(clamping: seq), camera, camera, limit])
            var total = 0
            while let row = try rows.next() {
                let record = try JournalRecord(row, path: path)
                total += record.json.count
                if total > bytes, !page.records.isEmpty {
                    page.isLast = false
                    break
                }
                page.records.append(record)
            }
            if page.records.count == limit { page.isLast = false }
            return page
        }
    }

    /// nil: there is none, or it was removed.
    public func record(seq: UInt64) throws(JournalError) -> JournalRecord? {
        guard let seq = Int64(exactly: seq) else { return nil }
        return try read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM event WHERE seq = ?", arguments: [seq]).map { try JournalRecord($0, path: path) }
        }
    }

    /// The text of a region file that was used; nil: it never was.
    public func regionFile(revision: String) throws(JournalError) -> [UInt8]? {
        try read { try Data.fetchOne($0, sql: "SELECT text FROM region_file WHERE revision = ?", arguments: [revision]).map { [UInt8]($0) } }
    }

    /// The cameras that it has frames of, in the order of their names.
    public func cameras() throws(JournalError) -> [String] {
        try read { database in
            var cameras: [String] = []
            while let next = try JournalSchema.camera(after: cameras.last ?? "", database) { cameras.append(next) }
            return cameras
        }
    }

    /// What is looked for among the events.
    public struct Query: Sendable {
        /// Of cameras whose names begin so.
        public var camera = ""
        /// Empty: all, those of missing frames included.
        public var verdicts: Set<String> = []
        /// ns since 1970, of publication.
        public var publishedUTCNs: ClosedRange<Int64> = .min ... .max
        public var after: UInt64 = 0
        /// Only events with lower numbers; nil: all.
        public var before: UInt64?
        /// Exactly this camera's; nil: every camera's that `camera` lets through.
        public var exactCamera: String?
        /// Those in which the region of this name did not pass; nil: whatever regions say.
        public var failingRegion: String?
        /// Those that somebody marked so; nil: marked or not.
        public var marked: Set<JournalMark.Truth>?
        /// nil: all.
        public var limit: Int?
        /// The newest `limit` instead of the oldest; in order all the same.
        public var isNewest = false

        public init() {}
    }

    /// Calls `body` with every event that a query finds, in order. Memory does not grow with their number, but for the newest ones.
    public func forEach(_ query: Query, _ body: (JournalRecord) throws -> Void) throws {
        do { try find(query, body) } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
            throw JournalError(path, "to search it takes too long; ask for a shorter time, or for less", kind: .busy)
        }
    }

    /// What takes longer than so many seconds from now on is given up.
    public func giveUp(afterSeconds seconds: Double) {
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak queue] in queue?.interrupt() }
    }

    private func find(_ query: Query, _ body: (JournalRecord) throws -> Void) throws {
        try queue.read { database in
            var conditions = ["seq > ?"]
            var arguments: StatementArguments = [Int64(clamping: query.after)]
            // Numbers out of the index of times: with its columns in the outer query SQLite goes by time, and sorts all of the journal.
            if query.publishedUTCNs != Int64.min ... Int64.max {
                conditions.append("seq IN (SELECT seq FROM event WHERE published_utc_ns BETWEEN ? AND ?)")
                arguments += [query.publishedUTCNs.lowerBound, query.publishedUTCNs.upperBound]
            }
            if !query.camera.isEmpty {
                conditions.append("substr(camera, 1, length(?)) = ?")
                arguments += [query.camera, query.camera]
            }
            if !query.verdicts.isEmpty {
                conditions.append("verdict IN (\(query.verdicts.map { _ in "?" }.joined(separator: ", ")))")
                arguments += StatementArguments(query.verdicts.sorted())
            }
            if let before = query.before {
                conditions.append("seq < ?")
                arguments += [Int64(clamping: before)]
            }
            if let camera = query.exactCamera {
                conditions.append("camera = ?")
                arguments += [camera]
            }
            if let region = query.failingRegion {
                conditions.append("EXISTS (SELECT 1 FROM json_each(event.json, '$.regions') AS r WHERE r.value ->> '$.name' = ? AND r.value ->> '$.verdict' <> 'pass')")
                arguments += [region]
            }
            if let marked = query.marked {
                guard try database.tableExists("mark") else { return }
                conditions.append("seq IN (SELECT seq FROM mark WHERE truth IN (\(marked.map { _ in "?" }.joined(separator: ", "))))")
                arguments += StatementArguments(marked.map(\.rawValue).sorted())
            }
            var sql = "SELECT * FROM event WHERE \(conditions.joined(separator: " AND ")) ORDER BY seq"
            if let limit = query.limit { sql += "\(query.isNewest ? " DESC" : "") LIMIT \(limit)" }
            if query.limit != nil, query.isNewest { sql = "SELECT * FROM (\(sql)) ORDER BY seq" }
            let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
            while let row = try rows.next() { try body(JournalRecord(row, path: path)) }
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(JournalError) -> Value {
        do { return try queue.read(body) } catch { throw JournalError(path, doing: "read it", error) }
    }
}

extension JournalRecord {
    /// - Throws: ``JournalError`` for a row that this program did not write.
    init(_ row: Row, path: String) throws(JournalError) {
        guard let seq = Int64.fromDatabaseValue(row["seq"]), seq > 0 else { throw JournalError(path, "has an event without a number", kind: .content) }
        func text(_ column: String) -> String? { String.fromDatabaseValue(row[column]) }
        func bits(_ column: String) -> UInt64? { Int64.fromDatabaseValue(row[column]).map { UInt64(bitPattern: $0) } }
        guard let kind = text("kind").flatMap(Kind.init), let camera = text("camera"), let session = bits("session"), let sequence = bits("sequence"),
              let last = bits("last_sequence"), let published = Int64.fromDatabaseValue(row["published_utc_ns"]),
              let monotonic = Int64.fromDatabaseValue(row["monotonic_ns"]), let json = text("json")
        else { throw JournalError(path, "has an event \(seq) that lacks something; it is damaged", kind: .content) }
        self.init(
            seq: UInt64(seq), kind: kind, camera: camera, session: session, sequence: sequence, lastSequence: last,
            arrival: text("arrival").flatMap(Arrival.init), verdict: text("verdict"), reason: text("reason"), model: text("model"),
            regions: text("regions"), publishedUTCNs: published, monotonicNs: monotonic, json: Array(json.utf8))
    }
}
