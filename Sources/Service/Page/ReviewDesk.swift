import Dispatch
import Foundation
import Imaging
import Inspection
import Streaming

/// What the page does with verdicts that were given: finds them, shows their frames, and keeps what people say of them.
///
/// Everything here may wait for the journal or the disk: not on one of Swift's threads.
final class ReviewDesk: Sendable {
    private let pipeline: Pipeline
    private let recent: RecentFrames
    let journal: PageJournal
    /// Where recordings are; nil: frames are not recorded.
    private let recordings: String?
    private let limits: ImageLimits
    /// Where data sets are written.
    private let exports: String
    private let exporting = Monitor(Exported())
    private let exportQueue = DispatchQueue(label: "flawd.export", qos: .utility)

    init(pipeline: Pipeline, recent: RecentFrames, journal: PageJournal, recordings: String?, exports: String, limits: ImageLimits) {
        self.pipeline = pipeline
        self.recent = recent
        self.journal = journal
        self.recordings = recordings
        self.exports = exports
        self.limits = limits
    }

    var keepsVerdicts: Bool { journal.path != nil }
    var recordsFrames: Bool { recordings != nil }

    // MARK: Finding

    struct Listed: Encodable {
        struct Region: Encodable {
            var name: String
            var verdict: Verdict
            var score: Double
            var defects: Int
        }

        var seq: UInt64
        var camera: String
        var sequence: UInt64
        var partID: String?
        var verdict: Verdict
        var reason: UninspectedReason?
        var withheld: String?
        var receivedUTCNs: Int64
        var regions: [Region]
        var mark: JournalMark?

        enum CodingKeys: String, CodingKey {
            case seq, camera, sequence, verdict, reason, withheld, regions, mark
            case partID = "part_id"
            case receivedUTCNs = "received_utc_ns"
        }
    }

    /// Whose verdicts are kept; nobody's without a journal.
    func cameras() throws -> [String] { keepsVerdicts ? try journal.reader().cameras() : [] }

    struct Page: Encodable {
        /// The newest first.
        var events: [Listed]
        /// The number to ask for those before; nil: there are none.
        var next: UInt64?
    }

    /// - Parameter query: its `limit` is set.
    func events(_ query: JournalReader.Query) throws -> Page {
        let reader = try journal.reader()
        var query = query, events: [VerdictEvent] = []
        query.isNewest = true
        if query.verdicts.isEmpty { query.verdicts = Set(Verdict.allCases.map(\.rawValue)) }
        try reader.forEach(query) { events.append(try Self.decode($0)) }
        let marks = try reader.marks(of: events.map(\.seq))
        let listed = events.reversed().map { event in
            Listed(
                seq: event.seq, camera: event.camera, sequence: event.sequence, partID: event.partID, verdict: event.verdict, reason: event.reason,
                withheld: event.withheld, receivedUTCNs: event.receivedUTCNs,
                regions: event.regions.map { .init(name: $0.name, verdict: $0.verdict, score: $0.score, defects: $0.defectCount) }, mark: marks[event.seq])
        }
        return Page(events: listed, next: events.count == query.limit ? events.first?.seq : nil)
    }

    struct Detail: Encodable {
        var event: VerdictEvent
        var mark: JournalMark?
        /// The regions of then, resolved for no frame in particular; nil: they are not kept.
        var regions: RegionDocument?
    }

    func detail(_ seq: UInt64) throws -> Detail {
        let reader = try journal.reader(), event = try event(seq, reader)
        let file = try event.roiRevision.flatMap { try reader.regionFile(revision: $0) }.flatMap { try? RegionFile(bytes: $0, name: "regions") }
        return Detail(event: event, mark: try reader.marks(of: [seq])[seq], regions: file?.document(of: event.camera))
    }

    private func event(_ seq: UInt64, _ reader: JournalReader) throws -> VerdictEvent {
        guard let record = try reader.record(seq: seq), record.kind == .verdict else { throw PageRefusal(.notFound, "the journal keeps no verdict \(seq)") }
        return try Self.decode(record)
    }

    private static func decode(_ record: JournalRecord) throws -> VerdictEvent {
        do { return try JSONDecoder().decode(VerdictEvent.self, from: Data(record.json)) } catch {
            throw PageRefusal(.internalServerError, "event \(record.seq) of the journal cannot be read: \(error)")
        }
    }

    // MARK: Frames

    /// The frame that a verdict is about.
    ///
    /// - Throws: `PageRefusal` that says where it would have to be.
    func frame(seq: UInt64) throws -> IncomingFrame {
        if let frame = recent.frame(seq: seq)?.frame { return frame }
        return try frame(of: try event(seq, journal.reader()))
    }

    private func frame(of event: VerdictEvent) throws -> IncomingFrame {
        if let frame = recent.frame(seq: event.seq)?.frame { return frame }
        guard let hash = event.frameHash else { throw PageRefusal(.notFound, "what came was no picture: \(event.detail ?? "nothing more is known")") }
        guard let recordings else { throw PageRefusal(.notFound, "the frame is gone: frames are not recorded (recording: in the configuration keeps them)") }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: recordings)) ?? []
        let files = names.filter { $0.hasSuffix(".mcap") }.sorted().reversed().map { "\(recordings)/\($0)" }
        var problems: [String] = []
        guard let found = FrameFinder(recordings: files).find(event, hash: hash, everywhere: false, problems: &problems) else {
            throw PageRefusal(.notFound, "the frame is in none of \(files.count) recordings\(problems.first.map { "; \($0)" } ?? "")")
        }
        return found.frame
    }

    // MARK: Marking

    struct Marking: Decodable {
        var seq: UInt64
        /// nil: takes the mark away.
        var truth: JournalMark.Truth?
        var note: String?
        var outlines: [[[Double]]]?
    }

    private static let (mostNoteBytes, mostOutlines, mostPoints) = (2000, 100, 10_000)

    /// Says what a part is. The verdict stays what it was.
    func mark(_ marking: Marking, who: String) throws -> JournalMark? {
        let reader = try journal.reader(), event = try event(marking.seq, reader), before = try reader.marks(of: [event.seq])[event.seq]
        let note = marking.note ?? "", outlines = marking.outlines ?? [], utc = pipeline.clock.utcNs()
        guard note.utf8.count <= Self.mostNoteBytes else { throw PageRefusal(.badRequest, "a note has at most \(Self.mostNoteBytes) bytes") }
        guard outlines.count <= Self.mostOutlines, outlines.reduce(0, { $0 + $1.count }) <= Self.mostPoints,
              outlines.allSatisfy({ $0.count >= 3 && $0.allSatisfy { $0.count == 2 && $0.allSatisfy { $0.isFinite && abs($0) <= 65_500 } } })
        else { throw PageRefusal(.badRequest, "outlines are lists of 3 points [x, y] at least") }
        if let truth = marking.truth, truth == .good, !outlines.isEmpty { throw PageRefusal(.badRequest, "a good part has no defects to outline") }
        let mark = marking.truth.map { JournalMark(seq: event.seq, camera: event.camera, truth: $0, note: note, outlines: outlines, who: who, utcNs: utc) }
        let entry = AuditEntry(
            utcNs: utc, who: who, action: "mark", subject: "event \(event.seq), \(event.camera) \(event.sequence)", before: Self.text(before), after: Self.text(mark))
        try pipeline.notes.keep([mark.map { .mark($0) } ?? .unmark(seq: event.seq), .audit(entry)])
        return mark
    }

    private static func text(_ mark: JournalMark?) -> String {
        guard let mark else { return "" }
        var parts = [mark.truth.rawValue]
        if !mark.outlines.isEmpty { parts.append("\(mark.outlines.count) outlines") }
        if !mark.note.isEmpty { parts.append(mark.note) }
        return parts.joined(separator: ", ")
    }

    // MARK: A data set of what was marked

    struct Exported: Sendable, Encodable {
        var isRunning = false
        var report: DatasetExport.Report?
        var problem: String?
    }

    /// What became of the last one.
    var exported: Exported { exporting.read { $0 } }

    /// Begins one, which may take minutes where frames are looked for in recordings.
    ///
    /// - Throws: `PageRefusal` while another one is written.
    func beginExport(name: String, who: String) throws -> Exported {
        let isFree = exporting.update { state in
            defer { if !state.isRunning { state = Exported(isRunning: true) } }
            return !state.isRunning
        }
        guard isFree else { throw PageRefusal(.conflict, "another data set is being written") }
        exportQueue.async { @Sendable [self] in
            let result = Result { try export(name: name, who: who) }
            exporting.update { state in
                state.isRunning = false
                switch result {
                case .success(let report): state.report = report
                case .failure(let error): state.problem = PageRefusal(error).problem
                }
            }
        }
        return exported
    }

    /// - Parameter name: of the folder, which is made.
    private func export(name: String, who: String) throws -> DatasetExport.Report {
        let isName = (1...64).contains(name.utf8.count) && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
        guard isName else { throw PageRefusal(.badRequest, "a data set's name has 1 to 64 letters, digits, - and _") }
        let reader = try journal.reader(isBounded: false), marks = try reader.marks().values.sorted { $0.seq < $1.seq }
        guard !marks.isEmpty else { throw PageRefusal(.conflict, "no frame is marked yet") }
        var export = try DatasetExport(folder: "\(exports)/\(name)", limits: limits)
        for mark in marks {
            guard let event = try? event(mark.seq, reader) else {
                export.skip(mark.seq, "its verdict is not in the journal any more")
                continue
            }
            do { try export.add(mark, event, try frame(of: event)) } catch { export.skip(mark.seq, PageRefusal(error).problem) }
        }
        let report = export.report
        try pipeline.notes.keep([
            .audit(.init(utcNs: pipeline.clock.utcNs(), who: who, action: "export", subject: report.folder, before: "", after: "\(report.good) good, \(report.defective) defective")),
        ])
        return report
    }
}
