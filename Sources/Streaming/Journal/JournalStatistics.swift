import Foundation
import GRDB

/// A journal in figures.
public struct JournalStatistics: Sendable, Codable, Equatable {
    public struct Camera: Sendable, Codable, Equatable {
        public var camera: String
        public var sessions = 0
        /// Frames by verdict.
        public var verdicts: [String: Int] = [:]
        /// Uninspected frames by reason.
        public var reasons: [String: Int] = [:]
        /// Frames that never came.
        public var missing: UInt64 = 0

        public var frames: Int { verdicts.values.reduce(0, +) }
    }

    public var epoch: String
    /// The lowest and highest number that is kept; nil: no event is.
    public var firstSeq: UInt64?
    public var lastSeq: UInt64?
    /// The highest number ever given.
    public var highestSeq: UInt64
    public var events: Int
    /// ns since 1970, of the oldest and the newest event.
    public var firstUTCNs: Int64?
    public var lastUTCNs: Int64?
    public var cameras: [Camera]
    public var regionFiles: Int
    /// Of the file, without its write-ahead log.
    public var bytes: Int64
}

extension JournalReader {
    /// Counts everything that is kept, of one moment.
    public func statistics() throws(JournalError) -> JournalStatistics {
        try read { database in
            var cameras: [String: JournalStatistics.Camera] = [:]
            let rows = try Row.fetchCursor(database, sql: """
                SELECT camera, verdict, reason, count(*) AS number FROM event WHERE kind = 'verdict' GROUP BY camera, verdict, reason
                """)
            while let row = try rows.next() {
                let name: String = row["camera"], number: Int = row["number"]
                var camera = cameras[name] ?? JournalStatistics.Camera(camera: name)
                camera.verdicts[row["verdict"] ?? "", default: 0] += number
                if let reason = row["reason"] as String? { camera.reasons[reason, default: 0] += number }
                cameras[name] = camera
            }
            // Not in SQL, to which the numbers have a sign: beyond 2⁶³ − 1 their difference is a floating one.
            let gaps = try Row.fetchCursor(database, sql: "SELECT camera, sequence, last_sequence FROM event WHERE kind = 'missing'")
            while let row = try gaps.next() {
                let name: String = row["camera"], first = UInt64(bitPattern: row["sequence"]), last = UInt64(bitPattern: row["last_sequence"])
                cameras[name, default: JournalStatistics.Camera(camera: name)].missing &+= last &- first &+ 1
            }
            for row in try Row.fetchAll(database, sql: "SELECT camera, count(DISTINCT session) AS number FROM event GROUP BY camera") {
                cameras[row["camera"]]?.sessions = row["number"]
            }
            let whole = try Row.fetchOne(database, sql: "SELECT count(*) AS n, min(seq) AS first, max(seq) AS last, min(published_utc_ns) AS since, max(published_utc_ns) AS until FROM event")
            return JournalStatistics(
                epoch: epoch, firstSeq: (whole?["first"] as Int64?).flatMap { UInt64(exactly: $0) }, lastSeq: (whole?["last"] as Int64?).flatMap { UInt64(exactly: $0) },
                highestSeq: try JournalSchema.lastSeq(database), events: whole?["n"] ?? 0, firstUTCNs: whole?["since"], lastUTCNs: whole?["until"],
                cameras: cameras.values.sorted { $0.camera < $1.camera },
                regionFiles: try Int.fetchOne(database, sql: "SELECT count(*) FROM region_file") ?? 0,
                bytes: try Int64.fetchOne(database, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") ?? 0)
        }
    }
}
