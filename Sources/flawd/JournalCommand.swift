import ArgumentParser
import Foundation
import Inspection
import Streaming

struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Look into the journal of verdicts, also while a daemon writes it.",
        subcommands: [JournalStatsCommand.self, JournalShowCommand.self, JournalExportCommand.self, JournalAuditCommand.self, JournalVerifyCommand.self])
}

struct JournalStatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stats", abstract: "Count what is kept, by camera, verdict and reason.")

    @Argument(help: ArgumentHelp("The journal.", valueName: "file"))
    var file: String

    @Flag(help: "Print the figures as JSON.")
    var json = false

    func run() throws {
        let figures = try JournalReader(path: file).statistics()
        if json { return try Terminal.printJSON(figures) }
        let span = figures.firstSeq.flatMap { first in figures.lastSeq.map { " \(first) to \($0)" } } ?? ""
        Terminal.print("epoch \(figures.epoch): \(figures.events) events\(span), \(figures.highestSeq) numbered since it was begun")
        if let first = figures.firstUTCNs, let last = figures.lastUTCNs { Terminal.print("from \(Self.moment(first)) to \(Self.moment(last))") }
        for camera in figures.cameras {
            let verdicts = Verdict.allCases.map { "\($0.rawValue) \(camera.verdicts[$0.rawValue] ?? 0)" }.joined(separator: ", ")
            let reasons = camera.reasons.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            Terminal.print("\(Terminal.clean(camera.camera)): \(camera.frames) frames in \(camera.sessions) sessions: \(verdicts)\(reasons.isEmpty ? "" : " (\(reasons))"), missing \(camera.missing)")
        }
        Terminal.print("\(figures.regionFiles) region files, \(figures.bytes >> 10) KiB")
    }

    static func moment(_ utcNs: Int64) -> String { Date(timeIntervalSince1970: Double(utcNs) / 1e9).formatted(.iso8601) }
}

struct JournalShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print events, the newest last.",
        discussion: "With a number, that event's JSON as it was published; the region file that it names with --regions.")

    @Argument(help: ArgumentHelp("The journal.", valueName: "file"))
    var file: String

    @Argument(help: "One event.")
    var seq: UInt64?

    @OptionGroup var query: JournalQueryOptions

    @Option(help: "At most so many, the newest.")
    var limit = 20

    @Flag(help: "Print events as they were published, one JSON a line.")
    var json = false

    @Flag(help: "Print the region file that the event was judged by.")
    var regions = false

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit must be 1 or more.") }
        if regions, seq == nil { throw ValidationError("--regions is for one event; give its number.") }
    }

    func run() throws {
        let journal = try JournalReader(path: file)
        if let seq {
            guard let record = try journal.record(seq: seq) else { throw Failure("\(file): has no event \(seq); \(try Self.kept(journal))") }
            guard regions else { return Terminal.print(String(decoding: record.json, as: UTF8.self)) }
            guard let revision = record.regions else { throw Failure("\(file): event \(seq) was judged by no region file") }
            guard let text = try journal.regionFile(revision: revision) else { throw Failure("\(file): does not keep the region file \(revision)") }
            return try FileHandle.standardOutput.write(contentsOf: Data(text))
        }
        var query = query.query
        query.limit = limit
        query.isNewest = true
        try journal.forEach(query) { record in
            Terminal.print(json ? String(decoding: record.json, as: UTF8.self) : "\(record.seq)  \(Self.line(record))")
        }
    }

    static func kept(_ journal: JournalReader) throws -> String {
        try journal.range.map { "it keeps \($0.lowerBound) to \($0.upperBound)" } ?? "it keeps none"
    }

    private static func line(_ record: JournalRecord) -> String {
        let decoder = JSONDecoder(), data = Data(record.json)
        if record.kind == .verdict, let event = try? decoder.decode(VerdictEvent.self, from: data) { return EventLine.text(event) }
        if record.kind == .missing, let event = try? decoder.decode(MissingEvent.self, from: data) { return EventLine.text(event) }
        return Terminal.clean(String(decoding: record.json.prefix(200), as: UTF8.self))
    }
}

struct JournalExportCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, jsonl }

    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write events as CSV or JSON lines.",
        discussion: "JSON lines are the events as they were published. CSV has one line for each region of a frame.")

    @Argument(help: ArgumentHelp("The journal.", valueName: "file"))
    var file: String

    @OptionGroup var query: JournalQueryOptions

    @Option(help: "csv or jsonl.")
    var format = Format.csv

    @Option(help: ArgumentHelp("Where to; standard output unless given.", valueName: "file"))
    var output: String?

    @Flag(help: "Replace a file that is there.")
    var force = false

    func run() throws {
        let journal = try JournalReader(path: file)
        let target = try LineFile(output, force: force)
        if format == .csv { try target.write(EventTable.header) }
        try journal.forEach(query.query) { record in
            switch format {
            case .jsonl: try target.write(record.json)
            case .csv: for line in EventTable.lines(record) { try target.write(line) }
            }
        }
        try target.finish()
    }
}

struct JournalVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check that the journal keeps what is promised of it.",
        discussion: """
            SQLite's own check of the file; numbers without a gap; for every camera, received - late - duplicates + missing = last - first + 1 in \
            each session; each event's JSON agrees with what is looked for; each region file that a verdict names is kept. With --seen, what a \
            subscriber got (flawd watch --json) is in the journal byte for byte. Exit code 3: something is wrong, and is named.
            """)

    @Argument(help: ArgumentHelp("The journal.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("Events that a subscriber saw, one JSON a line.", valueName: "file"))
    var seen: String?

    @Flag(help: "With --seen: the subscriber must have seen everything from its first event to its last.")
    var complete = false

    func validate() throws {
        if complete, seen == nil { throw ValidationError("--complete is about what a subscriber saw: give --seen FILE, too.") }
    }

    func run() throws {
        let journal = try JournalReader(path: file)
        let check = try journal.check()
        if let kept = try journal.range { Terminal.print("events \(kept.lowerBound) to \(kept.upperBound), epoch \(journal.epoch)") } else { Terminal.print("no event is kept; epoch \(journal.epoch)") }
        let verdicts = Verdict.allCases.map { "\($0.rawValue) \(check.verdicts[$0.rawValue] ?? 0)" }.joined(separator: " + ")
        Terminal.print("received \(check.received) = \(verdicts); missing \(check.missing); \(check.cameraSessions) camera sessions")
        for problem in check.problems { Terminal.print("wrong: \(Terminal.clean(problem))") }
        if check.problemCount > check.problems.count { Terminal.print("wrong: \(check.problemCount - check.problems.count) more") }
        var isSound = check.isSound
        if let seen {
            let comparison = try compare(seen, journal)
            let range = comparison.range.map { " of \($0.lowerBound) to \($0.upperBound)" } ?? ""
            Terminal.print("seen\(range): \(comparison.same) as in the journal, \(comparison.repeated) repeated, \(comparison.beyond) of another epoch or removed, \(comparison.unseen.count) not seen\(Self.list(comparison.unseen))")
            if !comparison.different.isEmpty { Terminal.print("wrong: seen otherwise than in the journal\(Self.list(comparison.different))") }
            if !comparison.unknown.isEmpty { Terminal.print("wrong: seen, and not in the journal\(Self.list(comparison.unknown))") }
            // A log of another journal, or an empty one, proves nothing of this one.
            let isProof = !complete || comparison.same > 0
            if !isProof { Terminal.print("wrong: nothing that was seen is of this journal, so nothing is shown to be complete") }
            if comparison.unreadable > 0 { Terminal.print("wrong: \(comparison.unreadable) lines of \(seen) are no events") }
            isSound = isSound && isProof && comparison.isSound && !(complete && !comparison.unseen.isEmpty)
        }
        guard isSound else { throw ExitCode(3) }
        Terminal.print("sound")
    }

    private func compare(_ path: String, _ journal: JournalReader) throws -> JournalComparison {
        let data: Data
        // A pipe is read to its end.
        do { data = try path == "/dev/stdin" ? FileHandle.standardInput.readToEnd() ?? Data() : Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) } catch {
            throw InvalidInput("\(path): cannot be read: \(error.localizedDescription)")
        }
        var comparison = JournalComparison()
        for line in data.split(separator: UInt8(ascii: "\n")) { try comparison.add([UInt8](line), journal) }
        try comparison.finish(journal)
        return comparison
    }

    private static func list(_ numbers: [UInt64]) -> String {
        numbers.isEmpty ? "" : ": " + numbers.prefix(10).map(String.init).joined(separator: ", ") + (numbers.count > 10 ? ", …" : "")
    }
}
