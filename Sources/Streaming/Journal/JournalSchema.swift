import GRDB

/// The journal's tables.
enum JournalSchema {
    /// Marks a database as a journal of this format.
    static let version = 1
    /// "flwd"; what `file` and others see.
    static let applicationID = 0x666C_7764

    static func create(_ database: Database, epoch: String, utcNs: Int64) throws {
        try database.execute(sql: """
            CREATE TABLE event (
              seq INTEGER PRIMARY KEY AUTOINCREMENT,
              kind TEXT NOT NULL,
              camera TEXT NOT NULL,
              session INTEGER NOT NULL,
              sequence INTEGER NOT NULL,
              last_sequence INTEGER NOT NULL,
              arrival TEXT,
              verdict TEXT,
              reason TEXT,
              model TEXT,
              regions TEXT,
              published_utc_ns INTEGER NOT NULL,
              monotonic_ns INTEGER NOT NULL,
              json TEXT NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX event_once ON event (camera, session, sequence)
              WHERE kind = 'verdict' AND arrival NOT IN ('duplicate', 'late');
            CREATE INDEX event_time ON event (published_utc_ns);
            CREATE TABLE region_file (revision TEXT PRIMARY KEY, first_used_utc_ns INTEGER NOT NULL, text BLOB NOT NULL) STRICT;
            CREATE TABLE journal (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
            """)
        for (key, value) in ["epoch": epoch, "created_utc_ns": "\(utcNs)"] {
            try database.execute(sql: "INSERT INTO journal (key, value) VALUES (?, ?)", arguments: [key, value])
        }
        try database.execute(sql: "PRAGMA user_version = \(version)")
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    }

    /// What the file says of itself.
    ///
    /// - Returns: the epoch; nil for an empty database.
    /// - Throws: `JournalError` for another program's database, or another format.
    static func epoch(_ database: Database, path: String) throws -> String? {
        let format = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let owner = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        if format == 0, owner == 0, try !database.tableExists("event") {
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0 else {
                throw JournalError(path, "is another program's database; name a file of its own", kind: .content)
            }
            return nil
        }
        guard owner == applicationID else { throw JournalError(path, "is another program's database; name a file of its own", kind: .content) }
        guard format == version else { throw JournalError(path, "has format \(format); this flawd reads format \(version)", kind: .content) }
        guard let epoch = try String.fetchOne(database, sql: "SELECT value FROM journal WHERE key = 'epoch'") else {
            throw JournalError(path, "does not say its epoch; it is damaged", kind: .content)
        }
        return epoch
    }

    /// Goes on with a comparison, and is answered by the index `event_once`, however many events there are.
    static let framesOfCamera = "FROM event WHERE kind = 'verdict' AND arrival NOT IN ('duplicate', 'late') AND camera"

    /// The next one by name that there are frames of; nil: there is none.
    static func camera(after name: String, _ database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT min(camera) \(framesOfCamera) > ?", arguments: [name])
    }

    /// The highest number ever given, whether the event is still kept or not.
    static func lastSeq(_ database: Database) throws -> UInt64 {
        UInt64(max(0, try Int64.fetchOne(database, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'event'") ?? 0))
    }
}
