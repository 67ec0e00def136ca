import Foundation
import GRDB
@testable import Streaming

/// A journal's file in a folder that is gone after the test.
final class JournalFile {
    let folder: String
    var path: String { "\(folder)/journal.sqlite" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-j\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// - Parameter isDurable: nothing here is about a loss of power, so that hundreds of journals need not wait for the disk.
    func open(isDurable: Bool = false, _ change: (inout JournalSettings) -> Void = { _ in }) throws -> Journal {
        var settings = JournalSettings()
        settings.durability = .normal
        settings.ballastBytes = 0
        change(&settings)
        let journal = try Journal(path: path, settings: settings, utcNs: 0)
        if !isDurable { try journal.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = OFF") } }
        return journal
    }

    func reader() throws -> JournalReader { try JournalReader(path: path) }

    /// What another program does to the file.
    func execute(_ sql: String, _ arguments: StatementArguments = []) throws {
        try DatabaseQueue(path: path).writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = OFF")
            try database.execute(sql: sql, arguments: arguments)
        }
    }

    /// Bytes of a file of the folder; nil: it is not there.
    func size(_ suffix: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path + suffix))?[.size] as? Int
    }
}

extension JournalRecord {
    static func verdict(
        _ seq: UInt64, camera: String = "c", session: UInt64 = 1, sequence: UInt64? = nil, arrival: Arrival = .next, verdict: String = "pass",
        reason: String? = nil, model: String = "m", regions: String? = nil, utcNs: Int64 = 0, epoch: String = "e", padding: Int = 0
    ) -> JournalRecord {
        var record = JournalRecord(
            seq: seq, kind: .verdict, camera: camera, session: session, sequence: sequence ?? seq, arrival: arrival, verdict: verdict,
            reason: reason, model: model, regions: regions, publishedUTCNs: utcNs, monotonicNs: 5, json: [])
        record.write(epoch: epoch, padding: padding)
        return record
    }

    static func missing(
        _ seq: UInt64, camera: String = "c", session: UInt64 = 1, _ range: ClosedRange<UInt64>, utcNs: Int64 = 0, epoch: String = "e"
    ) -> JournalRecord {
        var record = JournalRecord(
            seq: seq, kind: .missing, camera: camera, session: session, sequence: range.lowerBound, lastSequence: range.upperBound,
            publishedUTCNs: utcNs, monotonicNs: 5, json: [])
        record.write(epoch: epoch)
        return record
    }

    /// Makes the JSON say what the columns say, in the words of the published events.
    mutating func write(epoch: String, padding: Int = 0) {
        var fields = [
            ("schema_version", "1"), ("type", text(kind.rawValue)), ("seq", "\(seq)"), ("epoch", text(epoch)), ("camera", text(camera)),
            ("session", "\(session)"), ("published_utc_ns", "\(publishedUTCNs)"),
        ]
        if kind == .missing {
            fields += [("first", "\(sequence)"), ("last", "\(lastSequence)")]
        } else {
            fields.append(("sequence", "\(sequence)"))
            for (key, value) in [("arrival", arrival?.rawValue), ("verdict", verdict), ("reason", reason), ("model", model), ("roi_revision", regions)] {
                if let value { fields.append((key, text(value))) }
            }
        }
        if padding > 0 { fields.append(("detail", text(String(repeating: "x", count: padding)))) }
        json = Array("{\(fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ","))}".utf8)
    }

    private func text(_ text: String) -> String {
        var json: [UInt8] = []
        json.append(jsonString: text)
        return String(decoding: json, as: UTF8.self)
    }
}

/// Events as a daemon numbers them: several cameras in turn, and everything that may happen to a count.
struct History {
    private struct Camera {
        var last: UInt64
        var session: UInt64
    }

    let epoch: String
    private(set) var records: [JournalRecord] = []
    private(set) var received = 0
    private(set) var missing: UInt64 = 0
    private(set) var sessions = 0
    private var cameras: [String: Camera] = [:]
    private var generator: SeededGenerator

    static let names = ["line1/top", "line1/side", "ü%_😀"]
    static let revisions = ["r1", "r2"]
    private static let wraps: [UInt64] = [UInt64(UInt32.max), UInt64(Int64.max), .max]

    init(seed: UInt64, epoch: String) {
        generator = SeededGenerator(state: seed)
        self.epoch = epoch
    }

    private var next: UInt64 { UInt64(records.count) + 1 }

    mutating func grow(_ count: Int) {
        for _ in 0..<count {
            let name = Self.names[Int.random(in: 0..<Self.names.count, using: &generator)]
            if Int.random(in: 0..<40, using: &generator) == 0 { cameras = [:] } // The daemon starts anew.
            step(name)
        }
    }

    private mutating func step(_ name: String) {
        guard let camera = cameras[name] else { return begin(name, .first) }
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: begin(name, .restart)
        case 1: add(name, camera.last, camera.session, .duplicate)
        case 2, 3:
            let back = UInt64.random(in: 1...60, using: &generator)
            guard camera.last > back + 1 else { return add(name, camera.last, camera.session, .duplicate) }
            add(name, camera.last - back, camera.session, .late)
        case 4, 5, 6:
            let lost = UInt64.random(in: 1...5, using: &generator)
            guard camera.last < .max - lost else { return advance(name, camera) }
            let range = camera.last + 1 ... camera.last + lost
            var record = JournalRecord.missing(next, camera: name, session: camera.session, range, utcNs: Int64(next), epoch: epoch)
            record.write(epoch: epoch)
            records.append(record)
            missing += lost
            add(name, camera.last + lost + 1, camera.session, .gap)
        default: advance(name, camera)
        }
    }

    private mutating func advance(_ name: String, _ camera: Camera) {
        let wraps = camera.last == .max || Self.wraps.contains(camera.last) && Bool.random(using: &generator)
        guard wraps else { return add(name, camera.last + 1, camera.session, .next) }
        sessions += 1
        add(name, 0, next, .next)
    }

    private mutating func begin(_ name: String, _ arrival: JournalRecord.Arrival) {
        sessions += 1
        let starts: [UInt64] = [0, 1, 500] + Self.wraps.map { $0 - 3 }
        add(name, starts[Int.random(in: 0..<starts.count, using: &generator)], next, arrival)
    }

    private mutating func add(_ name: String, _ sequence: UInt64, _ session: UInt64, _ arrival: JournalRecord.Arrival) {
        let isInspected = Int.random(in: 0..<4, using: &generator) > 0
        records.append(
            .verdict(
                next, camera: name, session: session, sequence: sequence, arrival: arrival,
                verdict: isInspected ? ["pass", "review", "fail"][Int.random(in: 0..<3, using: &generator)] : "uninspected",
                reason: isInspected ? nil : "overload", regions: isInspected ? Self.revisions[Int.random(in: 0..<2, using: &generator)] : nil,
                utcNs: Int64(next), epoch: epoch))
        received += 1
        if arrival.isInOrder { cameras[name] = Camera(last: sequence, session: session) }
    }

    /// A journal with these events.
    static func journal(seed: UInt64, events: Int = 300) throws -> (file: JournalFile, history: History) {
        let file = try JournalFile()
        let journal = try file.open()
        var history = History(seed: seed, epoch: journal.epoch)
        history.grow(events)
        let files = Dictionary(uniqueKeysWithValues: revisions.map { ($0, Array("file \($0)".utf8)) })
        var rest = history.records[...]
        while !rest.isEmpty {
            try journal.append(Array(rest.prefix(17)), regionFiles: files)
            rest = rest.dropFirst(17)
        }
        return (file, history)
    }
}
