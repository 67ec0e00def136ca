import Foundation
import GRDB

/// The journal of every event that is published: an SQLite file in WAL mode with one writer, this. Not thread-safe.
///
/// An event is committed before it is published, so whatever a subscriber has seen is here. One connection writes and checkpoints: SQLite
/// before 3.51.3 may lose a write where two do.
public final class Journal {
    public let path: String
    /// Names the row of numbers; a new file begins another.
    public let epoch: String
    public let settings: JournalSettings
    /// The highest number given so far; 0 in a new journal.
    public private(set) var lastSeq: UInt64
    /// Events that were removed because of their age or the journal's size, since it was opened.
    public private(set) var removed = 0

    let queue: DatabaseQueue
    private let ballast: JournalBallast
    private let lock: Int32
    private var keptRegions: Set<String>
    /// After a disk's fault nothing that it says is to be trusted: a restart reads what is really there.
    var fault: JournalError?

    /// Events that one transaction removes at most, so that the next verdict never waits long.
    static let removalBatch = 1000

    /// Opens a journal, or begins one.
    ///
    /// - Parameter utcNs: ns since 1970, of a new journal.
    /// - Throws: ``JournalError``: another process writes it, it is no journal, or the disk does not take it.
    public init(path: String, settings: JournalSettings = .init(), utcNs: Int64) throws(JournalError) {
        self.path = path
        self.settings = settings
        lock = try Self.lock(path)
        ballast = JournalBallast(path: path + ".ballast", bytes: settings.ballastBytes)
        let opened: Opened
        do {
            opened = try Self.opened(path, settings, utcNs: utcNs, ballast)
            try Self.synchroniseFolder(of: path)
        } catch {
            // Before everything is set: after that an error runs `deinit`, and the lock would be closed twice.
            close(lock)
            throw JournalError(path, doing: "open it", error)
        }
        (queue, epoch, lastSeq, keptRegions) = opened
    }

    private typealias Opened = (queue: DatabaseQueue, epoch: String, lastSeq: UInt64, keptRegions: Set<String>)

    /// On a disk without room for what SQLite makes beside its file, once more without the ballast.
    private static func opened(_ path: String, _ settings: JournalSettings, utcNs: Int64, _ ballast: JournalBallast) throws -> Opened {
        do { return try opened(path, settings, utcNs: utcNs) } catch {
            let kind = JournalError(path, doing: "open it", error).kind
            guard kind == .full || kind == .disk, ballast.release() else { throw error }
            return try opened(path, settings, utcNs: utcNs)
        }
    }

    private static func opened(_ path: String, _ settings: JournalSettings, utcNs: Int64) throws -> Opened {
        var configuration = Configuration()
        configuration.label = "flawd.journal"
        configuration.busyMode = .timeout(0.25)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        return try queue.writeWithoutTransaction { database in
            // Before anything is written: the file may be another program's. GRDB's own way to WAL would write first, and set NORMAL.
            let known = try JournalSchema.epoch(database, path: path)
            let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = \(settings.durability.rawValue)")
            // Every 1000 pages, as usual, one commit in a hundred would take as long as a checkpoint.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
            let level = try Int.fetchOne(database, sql: "PRAGMA synchronous")
            guard level == (settings.durability == .full ? 2 : 1), mode == "wal" else {
                throw JournalError(path, "does not keep what is committed as it should (synchronous \(level ?? -1)); its file system may not support it")
            }
            let epoch = try known ?? Self.begin(database, utcNs: utcNs)
            try JournalSchema.addNotes(database)
            return (queue, epoch, try JournalSchema.lastSeq(database), Set(try String.fetchAll(database, sql: "SELECT revision FROM region_file")))
        }
    }

    deinit {
        // Readers may be there still; without one, closing would do it.
        try? queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try? queue.close()
        close(lock)
    }

    private static func begin(_ database: Database, utcNs: Int64) throws -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        let epoch = String(repeating: "0", count: 16 - digits.count) + digits
        try database.inTransaction(.immediate) {
            try JournalSchema.create(database, epoch: epoch, utcNs: utcNs)
            return .commit
        }
        return epoch
    }

    /// Held as long as the file descriptor is open; the system lets it go with the process.
    private static func lock(_ path: String) throws(JournalError) -> Int32 {
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw JournalError(path, "cannot be opened: \(String(cString: strerror(errno))); its folder must be there, and writable for flawd's user")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw JournalError(path, "is another flawd's; a journal has one writer", kind: .busy)
        }
        return descriptor
    }

    /// A new file's name must survive a loss of power, too.
    static func synchroniseFolder(of path: String) throws(JournalError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw JournalError(path, "cannot open its folder: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw JournalError(path, "its folder cannot be written to the disk: \(String(cString: strerror(errno)))", kind: .disk)
        }
    }

    // MARK: Where cameras are

    /// A camera's present count, as far as it was committed.
    public struct Place: Sendable, Equatable {
        public var session: UInt64
        /// The highest frame that came in order.
        public var sequence: UInt64
    }

    /// Of every camera that the journal has a frame of; at most `limit`, in the order of names.
    public func places(limit: Int) throws(JournalError) -> [String: Place] {
        do {
            return try queue.writeWithoutTransaction { database in
                var places: [String: Place] = [:], name = ""
                let indexed = JournalSchema.framesOfCamera
                while places.count < limit, let next = try JournalSchema.camera(after: name, database) {
                    name = next
                    guard let session = try Int64.fetchOne(database, sql: "SELECT max(session) \(indexed) = ?", arguments: [name]) else { continue }
                    // Numbers from 2⁶³ on are negative there, and the highest.
                    func highest(_ sign: String) throws -> Int64? {
                        try Int64.fetchOne(database, sql: "SELECT max(sequence) \(indexed) = ? AND session = ? AND sequence \(sign) 0", arguments: [name, session])
                    }
                    if let highest = try highest("<") ?? highest(">=") { places[name] = Place(session: UInt64(bitPattern: session), sequence: UInt64(bitPattern: highest)) }
                }
                return places
            }
        } catch {
            throw JournalError(path, doing: "read it", error)
        }
    }

    // MARK: Writing

    /// Commits events, all or none, and with them region files that were not used before.
    ///
    /// A full disk is tried once more without the ballast.
    ///
    /// - Parameters:
    ///   - records: numbered from ``lastSeq`` + 1.
    ///   - regionFiles: text by revision; those that are kept already are left alone.
    /// - Throws: ``JournalError``; then none of them is in the journal.
    public func append(_ records: [JournalRecord], regionFiles: [String: [UInt8]] = [:]) throws(JournalError) {
        if let fault { throw fault }
        for (offset, record) in records.enumerated() where record.seq != lastSeq + 1 + UInt64(offset) {
            throw JournalError(path, "event \(record.seq) does not follow \(lastSeq + UInt64(offset))")
        }
        do { try write(records, regionFiles) } catch {
            guard error.kind == .full, ballast.release() else { throw error }
            try write(records, regionFiles)
        }
        lastSeq += UInt64(records.count)
        keptRegions.formUnion(regionFiles.keys)
    }

    func remembered(_ error: JournalError) -> JournalError {
        if error.kind == .disk || error.kind == .content { fault = error }
        return error
    }

    private func write(_ records: [JournalRecord], _ regionFiles: [String: [UInt8]]) throws(JournalError) {
        do {
            try queue.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for (revision, text) in regionFiles where !keptRegions.contains(revision) {
                        let statement = try database.cachedStatement(sql: "INSERT OR IGNORE INTO region_file (revision, first_used_utc_ns, text) VALUES (?, ?, ?)")
                        try statement.execute(arguments: [revision, records.first?.publishedUTCNs ?? 0, Data(text)])
                    }
                    let statement = try database.cachedStatement(sql: """
                        INSERT INTO event (seq, kind, camera, session, sequence, last_sequence, arrival, verdict, reason, model, regions, \
                        published_utc_ns, monotonic_ns, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """)
                    for record in records { try statement.execute(arguments: record.arguments) }
                    return .commit
                }
            }
        } catch {
            throw remembered(JournalError(path, doing: "write to it", error))
        }
    }

    /// To be called now and then, between events: removes what is too old or too much, and takes the ballast back.
    ///
    /// - Parameter utcNs: ns since 1970; nil: nobody knows for now, and nothing goes by its age.
    /// - Returns: whether there is more to remove.
    public func tidy(utcNs: Int64?) throws(JournalError) -> Bool {
        if let fault { throw fault }
        let removedNow: Int
        do {
            removedNow = try queue.writeWithoutTransaction { database in try removeOldest(database, utcNs: utcNs) }
        } catch {
            throw remembered(JournalError(path, doing: "remove old events from it", error))
        }
        removed += removedNow
        if removedNow == 0 { ballast.hold() }
        return removedNow == Self.removalBatch
    }

    /// Events go from the oldest on, so that those kept have no gap; the newest stays.
    private func removeOldest(_ database: Database, utcNs: Int64?) throws -> Int {
        var end: Int64?
        if let keepBytes = settings.keepBytes {
            let pages = try Int64.fetchOne(database, sql: "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size") ?? 0
            if pages > keepBytes {
                end = try Int64.fetchOne(database, sql: "SELECT max(seq) FROM (SELECT seq FROM event ORDER BY seq LIMIT \(Self.removalBatch))")
            }
        }
        if end == nil, let keepSeconds = settings.keepSeconds, let utcNs {
            let limit = utcNs - Int64(min(keepSeconds, 1e9) * 1e9)
            var old: Int64?
            let rows = try Row.fetchCursor(database, sql: "SELECT seq, published_utc_ns FROM event ORDER BY seq LIMIT \(Self.removalBatch)")
            while let row = try rows.next(), (row["published_utc_ns"] as Int64) < limit { old = row["seq"] }
            end = old
        }
        guard let end = end.map({ min($0, Int64(lastSeq) - 1) }), end > 0 else { return 0 }
        var count = 0
        try database.inTransaction(.immediate) {
            try database.execute(sql: "DELETE FROM event WHERE seq <= ?", arguments: [end])
            count = database.changesCount
            return .commit
        }
        return count
    }
}

extension JournalRecord {
    /// Numbers of 64 bits without a sign are kept by their bits.
    fileprivate var arguments: StatementArguments {
        [
            Int64(bitPattern: seq), kind.rawValue, camera, Int64(bitPattern: session), Int64(bitPattern: sequence), Int64(bitPattern: lastSequence),
            arrival?.rawValue, verdict, reason, model, regions, publishedUTCNs, monotonicNs, String(decoding: json, as: UTF8.self),
        ]
    }
}
