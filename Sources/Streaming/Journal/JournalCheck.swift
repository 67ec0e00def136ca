import GRDB

/// Whether a journal keeps the promises that are made of it.
public struct JournalCheck: Sendable, Equatable {
    /// Frames that have a verdict, by it, and those reported missing.
    public var received = 0
    public var verdicts: [String: Int] = [:]
    public var missing: UInt64 = 0
    public var cameraSessions = 0
    /// Events that were compared with what a subscriber saw.
    public var compared = 0
    /// What is wrong, with the event's number; at most ``mostProblems``.
    public private(set) var problems: [String] = []
    /// All that was found, listed or not.
    public private(set) var problemCount = 0

    public static let mostProblems = 100

    public var isSound: Bool { problemCount == 0 }

    public init() {}

    mutating func note(_ problem: String) {
        problemCount += 1
        if problems.count < Self.mostProblems { problems.append(problem) }
    }
}

extension JournalReader {
    /// Reads the whole journal and checks that
    /// - SQLite finds its file in order (`PRAGMA integrity_check`),
    /// - numbers have no gap up to the highest ever given, and each event's JSON says what the columns say,
    /// - each frame follows the one before in its camera's session, or what lies between is reported missing: so
    ///   received − late − duplicates + missing = last − first + 1,
    /// - each region file that a verdict names is kept.
    public func check() throws(JournalError) -> JournalCheck {
        var check = JournalCheck()
        do { try examine(&check) } catch {
            // What cannot be read any further is a finding, too.
            guard error.kind == .content else { throw error }
            check.note(error.description)
        }
        return check
    }

    private func examine(_ check: inout JournalCheck) throws(JournalError) {
        for line in try read({ try String.fetchAll($0, sql: "PRAGMA integrity_check(20)") }) where line != "ok" { check.note("the file is damaged: \(line)") }
        let revisions = Set(try read { try String.fetchAll($0, sql: "SELECT revision FROM region_file") })
        // Before the walk: a daemon may be writing.
        let newest = try read { try JournalSchema.lastSeq($0) }
        var walk = SessionWalk(), expected: UInt64?
        do {
            try forEach(Query()) { record in
                if let expected, record.seq != expected { check.note("event \(record.seq) follows \(expected - 1): \(record.seq - expected) are not there") }
                expected = record.seq + 1
                if let problem = difference(record) { check.note("event \(record.seq): \(problem)") }
                if let revision = record.regions, !revisions.contains(revision) { check.note("event \(record.seq): its region file \(revision.prefix(12)) is not kept") }
                if let problem = walk.follow(record) { check.note("event \(record.seq): camera \(record.camera.prefix(80).debugDescription): \(problem)") }
                if record.kind == .verdict {
                    check.received += 1
                    check.verdicts[record.verdict ?? "", default: 0] += 1
                } else {
                    check.missing = check.missing.addingReportingOverflow(record.lastSequence &- record.sequence &+ 1).partialValue
                }
            }
            // The newest is never removed.
            if newest > 0, (expected ?? 1) <= newest { check.note("event \(newest) is not there, the newest that was numbered") }
        } catch {
            throw JournalError(path, doing: "read it", error)
        }
        check.cameraSessions = walk.sessions
    }

    /// What the columns and the JSON do not agree on.
    private func difference(_ record: JournalRecord) -> String? {
        let fields: [String: JSONValue]
        do { fields = try JSONReader.object(record.json) } catch { return "its JSON cannot be read: \(error.text)" }
        func differs(_ key: String, _ value: String?) -> Bool { fields[key] != value.map(JSONValue.string) }
        // Numbers beyond Int64 are read as such, and no further.
        func differs(_ key: String, _ value: UInt64) -> Bool { fields[key] != (Int64(exactly: value).map(JSONValue.integer) ?? .number) }
        if differs("seq", record.seq) { return "its JSON has another seq" }
        if differs("epoch", epoch) { return "its JSON has another epoch" }
        if differs("type", record.kind.rawValue) { return "its JSON has another type" }
        if differs("camera", record.camera) { return "its JSON has another camera" }
        if differs("session", record.session) { return "its JSON has another session" }
        if fields["published_utc_ns"] != .integer(record.publishedUTCNs) { return "its JSON has another time of publication" }
        if differs("verdict", record.verdict) || differs("reason", record.reason) { return "its JSON has another verdict or reason" }
        if differs("arrival", record.arrival?.rawValue) { return "its JSON has another arrival" }
        if differs("model", record.model) { return "its JSON has another model" }
        if differs("roi_revision", record.regions) { return "its JSON has another region file" }
        switch record.kind {
        case .verdict:
            if differs("sequence", record.sequence) || record.lastSequence != record.sequence { return "its JSON has another sequence" }
        case .missing:
            if differs("first", record.sequence) || differs("last", record.lastSequence) { return "its JSON has other numbers" }
        }
        return nil
    }
}

/// Follows every camera's count through the journal.
struct SessionWalk {
    private struct Place {
        var session: UInt64
        var last: UInt64
        /// Numbers reported missing right after `last`.
        var missing: ClosedRange<UInt64>?
    }

    private var cameras: [String: Place] = [:]
    private(set) var sessions = 0

    /// What is wrong with the next event; nil: nothing.
    mutating func follow(_ record: JournalRecord) -> String? {
        guard var place = cameras[record.camera] else {
            // What went before may have been removed; a late frame does not say how far the count was.
            guard record.kind == .verdict, record.arrival != .late else { return nil }
            cameras[record.camera] = Place(session: record.session, last: record.sequence)
            sessions += 1
            return nil
        }
        defer { cameras[record.camera] = place }
        guard record.kind == .verdict else {
            guard record.sequence <= record.lastSequence else { return "frames \(record.sequence) to \(record.lastSequence) are missing, which is no range" }
            guard record.session == place.session, record.sequence == place.last &+ 1, place.missing == nil else {
                return "frames from \(record.sequence) are missing, where \(place.last &+ 1) is the next"
            }
            place.missing = record.sequence...record.lastSequence
            return nil
        }
        let missing = place.missing
        place.missing = nil
        switch record.arrival {
        case nil: return "it does not say how its number follows"
        case .first?, .restart?:
            place.session = record.session
            place.last = record.sequence
            sessions += 1
            if record.session != record.seq { return "a new count has the session \(record.session)" }
            return missing == nil ? nil : "frames are missing before a new count"
        case .duplicate?, .late?:
            let fits = record.arrival == .late ? record.sequence < place.last : record.sequence == place.last
            return record.session == place.session && fits ? nil : "frame \(record.sequence) comes \(record.arrival?.rawValue ?? "") after \(place.last)"
        case .next?, .gap?:
            let before = missing?.upperBound ?? place.last
            let isWrap = missing == nil && record.sequence == 0 && Self.wraps.contains(before)
            let isNext = isWrap || record.sequence == before &+ 1
            place.last = record.sequence
            if isWrap {
                // The number may have been in the session before.
                place.session = record.seq
                sessions += 1
            }
            guard record.session == place.session else { return "its session is \(record.session), not \(place.session)" }
            guard (missing != nil) == (record.arrival == .gap) else { return "what is missing before it is not reported" }
            return isNext ? nil : "frame \(record.sequence) follows \(before)"
        }
    }

    /// Numbers after which a producer may count from 0.
    private static let wraps: Set<UInt64> = [UInt64(UInt32.max), UInt64(Int64.max), .max]
}
