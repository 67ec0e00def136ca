import Foundation
import Imaging
import Inspection
import Streaming

/// What the page does with the region file: shows it, tries other regions on a frame, saves them, and goes back to an earlier file.
///
/// Everything here may wait for a worker, the journal or the disk: not on one of Swift's threads.
final class RegionDesk: Sendable {
    private let pipeline: Pipeline
    private let file: ReloadableFile<RegionFile>
    private let reloader: ConfigurationReloader
    private let journal: PageJournal
    private let limits: ImageLimits

    init(pipeline: Pipeline, file: ReloadableFile<RegionFile>, reloader: ConfigurationReloader, journal: PageJournal, limits: ImageLimits) {
        self.pipeline = pipeline
        self.file = file
        self.reloader = reloader
        self.journal = journal
        self.limits = limits
    }

    // MARK: Showing

    struct Regions: Encodable {
        var path: String
        var revision: String
        var text: String
        var cameras: [RegionDocument]
        /// Why it cannot be saved; nil: it can.
        var obstacle: String?
        /// What is wrong with the file on the disk; nil: it is the one in force.
        var problem: String?
    }

    func regions() -> Regions {
        let current = file.current
        return Regions(
            path: file.path, revision: current.revision, text: String(decoding: current.bytes, as: UTF8.self), cameras: current.documents, obstacle: obstacle,
            problem: file.problem.map { String($0.prefix(2000)) })
    }

    private var obstacle: String? {
        let target = URL(fileURLWithPath: file.path).resolvingSymlinksInPath()
        guard access(target.deletingLastPathComponent().path, W_OK) == 0, access(target.path, W_OK) == 0 else {
            return "\(target.path) cannot be written by flawd's user: \(String(cString: strerror(errno))). The configuration's regions: may name a file in flawd's own folder, such as /var/lib/flawd/regions.yaml"
        }
        return nil
    }

    // MARK: Trying

    private static let mostTriedRegions = 16

    struct Trial: Encodable {
        var width: Int
        var height: Int
        var verdict: Verdict
        var detail: String?
        var regions: [RegionResult]
        var draft: RunLengthCode?
        var milliseconds: Double
    }

    /// Inspects a frame by regions that are not in force, with the camera's own model, between two frames of the line.
    ///
    /// - Parameter entry: JSON with the keys of a camera's entry.
    /// - Throws: `FileError` with what is wrong with the entry, or `PageRefusal`.
    func trial(of frame: IncomingFrame, entry: [UInt8]) throws -> Trial {
        let camera = frame.header.camera
        let tried = try RegionFile(camera: camera, entry: entry, name: "regions"), decoded = RGBImage()
        try FrameDecoder(limits: limits).decode(frame, into: decoded)
        // Each may take the model a while, and a worker that is away for long counts as stuck.
        let count = tried.documents.first?.regions.count ?? 0, most = max(Self.mostTriedRegions, (file.current.document(of: camera)?.regions.count ?? 0) + 8)
        guard count <= most else { throw PageRefusal(.badRequest, "at most \(most) regions are tried at once; these are \(count)") }
        guard let plan = tried.plan(camera: camera, frame: decoded.size) else { throw PageRefusal(.badRequest, "no region is meant for this camera") }
        // Safe to hand over: nobody looks at the picture until the worker has answered.
        nonisolated(unsafe) let image = decoded
        let answer = pipeline.withInspector { inspector -> Trial? in
            guard let inspector = inspector as? ModelInspector else { return nil }
            inspector.keepsDraft = true
            let begun = ContinuousClock.now, result = inspector.inspect(image, camera: camera, by: plan)
            return Trial(
                width: image.width, height: image.height, verdict: result.verdict, detail: result.detail, regions: result.regions,
                draft: inspector.draftMask.map { RunLengthCode($0) }, milliseconds: (ContinuousClock.now - begun) / .milliseconds(1))
        }
        guard let answer else { throw PageRefusal(.serviceUnavailable, "flawd is stopping") }
        guard let trial = answer else { throw PageRefusal(.serviceUnavailable, "no model is at hand") }
        return trial
    }

    // MARK: Saving

    struct Saved: Encodable {
        var revision: String
        /// Comments and order are as they were.
        var keepsText: Bool
        var regions: Regions
    }

    /// Puts another entry for a camera into the file, and the file in force.
    ///
    /// - Parameters:
    ///   - camera: the entry's name or prefix; one that is not there is added.
    ///   - entry: JSON with the keys of a camera's entry; nil: it goes.
    ///   - base: the revision that was edited; another one in the meantime is not overwritten.
    /// - Throws: `FileError`, `PageRefusal`.
    func save(camera: String, entry: [UInt8]?, base: String, who: String) throws -> Saved {
        let current = file.current
        guard current.revision == base else {
            throw PageRefusal(.conflict, "the region file has changed since it was opened here (now \(current.revision.prefix(12))); look at it again before you save")
        }
        guard entry != nil || current.documents.contains(where: { $0.camera != camera }) else {
            throw PageRefusal(.badRequest, "this is the last of the file's cameras, and a region file names one at least: draw another region first")
        }
        let new = try entry.map { try RegionFile(camera: camera, entry: $0, name: "regions") }
        let (text, keepsText) = try current.text(replacing: camera, from: new, name: file.path)
        try put(
            Array(text.utf8), over: current,
            audit: .init(
                utcNs: pipeline.clock.utcNs(), who: who, action: "regions", subject: camera, before: Self.record(current.text(of: camera).utf8),
                after: Self.record((new?.text(of: camera) ?? "").utf8)))
        return Saved(revision: file.current.revision, keepsText: keepsText, regions: regions())
    }

    /// Puts a file in force that was before.
    func restore(revision: String, who: String) throws -> Saved {
        let current = file.current
        guard revision != current.revision else { throw PageRefusal(.conflict, "this file is in force already") }
        guard let text = try journal.reader().regionFile(revision: revision) else { throw PageRefusal(.notFound, "the journal does not keep a region file \(revision.prefix(12))") }
        _ = try RegionFile(bytes: text, name: "the region file \(revision.prefix(12))")
        try put(
            text, over: current,
            audit: .init(utcNs: pipeline.clock.utcNs(), who: who, action: "restore", subject: file.path, before: Self.record(current.bytes), after: Self.record(text)))
        return Saved(revision: file.current.revision, keepsText: true, regions: regions())
    }

    private static let mostRecordedBytes = 64 << 10

    /// A file, or an entry, as the record of changes has it.
    static func record(_ text: some Collection<UInt8>) -> String {
        guard text.count > mostRecordedBytes else { return String(decoding: text, as: UTF8.self) }
        return String(decoding: text.prefix(mostRecordedBytes), as: UTF8.self) + "\n(cut here, after \(mostRecordedBytes >> 10) KiB; the journal keeps the whole file)"
    }

    /// What was there is kept before it is replaced, and who did it is known before it is done.
    private func put(_ bytes: [UInt8], over current: RegionFile, audit: AuditEntry) throws {
        if let obstacle { throw PageRefusal(.conflict, obstacle) }
        let new = try RegionFile(bytes: bytes, name: file.path)
        try expectUnchanged(current)
        if journal.path != nil {
            try pipeline.notes.keep([
                .regionFile(revision: current.revision, text: current.bytes), .regionFile(revision: new.revision, text: new.bytes), .audit(audit),
            ])
        }
        do {
            // That took a moment.
            try expectUnchanged(current)
            do { try Self.replace(file.path, with: bytes) } catch { throw PageRefusal(.internalServerError, "\(file.path): cannot be written: \(error.localizedDescription)") }
            let outcome = reloader.reloadRegions()
            guard file.current.revision == new.revision else { throw PageRefusal(.conflict, "saved, but not in force: \(outcome ?? "see the log")") }
        } catch {
            // What is on record did not come about.
            var undone = audit
            (undone.action, undone.before, undone.after) = ("\(audit.action) failed", audit.after, audit.before)
            if journal.path != nil { try? pipeline.notes.keep([.audit(undone)]) }
            throw error
        }
    }

    private func expectUnchanged(_ current: RegionFile) throws {
        guard file.current.revision == current.revision, try Data(contentsOf: URL(fileURLWithPath: file.path)) == Data(current.bytes) else {
            throw PageRefusal(.conflict, "the region file has changed on the disk; look at it, and at the log, before you save")
        }
    }

    /// At once: nobody reads half of it, and a loss of power leaves one or the other.
    private static func replace(_ path: String, with bytes: [UInt8]) throws {
        // A link stays one.
        let url = URL(fileURLWithPath: path).resolvingSymlinksInPath(), mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        try Data(bytes).write(to: url, options: .atomic)
        if let mode { try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path) }
    }

    // MARK: History

    struct Revision: Encodable {
        var revision: String
        /// ns since 1970.
        var sinceUTCNs: Int64
        var isInForce: Bool

        enum CodingKeys: String, CodingKey {
            case revision
            case sinceUTCNs = "since_utc_ns"
            case isInForce = "in_force"
        }
    }

    /// Region files that may be put in force again, the newest first.
    func history() throws -> [Revision] {
        let present = file.current.revision
        return try journal.reader().regionFiles(limit: 200).map { Revision(revision: $0.revision, sinceUTCNs: $0.utcNs, isInForce: $0.revision == present) }
    }

    func text(of revision: String) throws -> [UInt8] {
        guard let text = try journal.reader().regionFile(revision: revision) else { throw PageRefusal(.notFound, "the journal does not keep a region file \(revision.prefix(12))") }
        return text
    }

    func audit(before: Int64, limit: Int) throws -> [AuditEntry] { try journal.reader().audit(before: before, limit: limit) }
}
