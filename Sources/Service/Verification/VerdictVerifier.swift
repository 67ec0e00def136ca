import Foundation
import Inspection
import Logging
import SegmentAnything
import Streaming

/// `flawd verify`: computes a verdict of the journal again, from the recorded frame, the region file of then and the model that it names.
public struct VerdictVerifier {
    public struct Result: Sendable {
        /// As the journal has it.
        public var recorded: VerdictEvent
        /// As it comes out now; times and numbers are those of then.
        public var fresh: VerdictEvent
        /// The recording that has the frame.
        public var recording: String
        /// What is not the same; empty: the events agree byte for byte.
        public var differences: [String]
        /// Another program gives the answer now.
        public var isOtherBuild: Bool { recorded.build != fresh.build }
    }

    private let journal: JournalReader
    private let recordings: [String]
    private let configuration: Configuration
    private let logger: Logger

    /// - Parameters:
    ///   - recordings: paths of MCAP files.
    ///   - configuration: of which the model, the adapters and the limits of pictures count.
    public init(journal: JournalReader, recordings: [String], configuration: Configuration, logger: Logger) {
        self.journal = journal
        self.recordings = recordings
        self.configuration = configuration
        self.logger = logger
    }

    /// - Throws: ``VerificationError`` where something that is needed is not there; `JournalError`, `FileError`, `CheckpointError`.
    public func verify(_ seq: UInt64) throws -> Result {
        guard let record = try journal.record(seq: seq) else {
            let kept = try journal.range.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "none"
            throw VerificationError("\(journal.path): has no event \(seq); it keeps \(kept)")
        }
        guard record.kind == .verdict else { throw VerificationError("\(journal.path): event \(seq) is no verdict: frames were missing") }
        let event: VerdictEvent
        do { event = try JSONDecoder().decode(VerdictEvent.self, from: Data(record.json)) } catch { throw VerificationError("\(journal.path): event \(seq) cannot be read: \(error)") }
        if let reason = event.reason, ![.decodeError, .noRegion].contains(reason) {
            throw VerificationError("event \(seq): the frame was not inspected (\(reason.rawValue)), so there is nothing to compute again")
        }
        guard let hash = event.frameHash else { throw VerificationError("event \(seq): what came was no frame (\(event.detail ?? "")), so there is nothing to compute again") }
        let (frame, recording) = try find(event, hash: hash)
        var fresh = try worker(of: event).event(of: frame)
        fresh.seq = event.seq
        fresh.epoch = event.epoch
        fresh.durability = event.durability
        fresh.session = event.session
        fresh.arrival = event.arrival
        fresh.receivedUTCNs = event.receivedUTCNs
        fresh.publishedUTCNs = event.publishedUTCNs
        // Where a camera says no time, its recorded header says 0.
        fresh.capturedUTCNs = event.capturedUTCNs
        fresh.capturedMonotonicNs = event.capturedMonotonicNs
        fresh.latencyNs = event.latencyNs
        // The model said pass; the station did not let it out.
        if event.withheld != nil, fresh.verdict == .pass { fresh.verdict = .review }
        fresh.withheld = event.withheld
        return Result(recorded: event, fresh: fresh, recording: recording, differences: Self.differences(record.json, event, fresh))
    }

    /// Looks where the frame should be, then everywhere.
    private func find(_ event: VerdictEvent, hash: String) throws -> (GateFrame, String) {
        var problems: [String] = []
        guard let found = FrameFinder(recordings: recordings).find(event, hash: hash, everywhere: true, problems: &problems) else {
            let more = problems.first.map { "; \($0)" } ?? ""
            throw VerificationError("event \(event.seq): its frame (\(event.camera) \(event.sequence), SHA-256 \(hash.prefix(12))…) is in none of \(recordings.count) recordings\(more)")
        }
        return (GateFrame(frame: found.frame, sequence: event.sequence, hash: hash, receivedUTCNs: event.receivedUTCNs), found.recording)
    }

    /// An inspector with the region file of then.
    private func worker(of event: VerdictEvent) throws -> GateWorker {
        let models = try CameraModels(configuration), present = models.model(of: event.camera).hash
        guard present == event.model else {
            throw VerificationError("event \(event.seq): its verdict is of the model \(event.model.prefix(12))…, and \(configuration.model) is \(present.prefix(12))…; --model names that one")
        }
        let text: [UInt8]
        if let revision = event.roiRevision {
            guard let kept = try journal.regionFile(revision: revision) else { throw VerificationError("\(journal.path): does not keep the region file \(revision)") }
            guard kept.withUnsafeBytes(ContentHash.sha256) == revision else { throw VerificationError("\(journal.path): the region file \(revision) is not what it was") }
            text = kept
        } else {
            // A frame that could not be decoded was judged by none.
            text = Array("version: 1\ncameras: {}\n".utf8)
        }
        let file = try ReloadableFile(path: "the region file of event \(event.seq)") { try RegionFile(bytes: text, name: $0) }
        return GateWorker(
            decoder: FrameDecoder(limits: configuration.limits.image),
            inspector: ModelInspector(models: ModelShelf(models), threads: configuration.threads, regions: file, plans: PlanCache(capacity: 1), logger: logger),
            identity: PipelineIdentity(model: models.base.hash, build: BuildIdentity.current()))
    }

    private static func differences(_ json: [UInt8], _ recorded: VerdictEvent, _ fresh: VerdictEvent) -> [String] {
        var same = fresh
        same.build = recorded.build
        guard same.json != json else { return [] }
        var lines: [String] = []
        func compare(_ name: String, _ before: some Equatable & CustomStringConvertible, _ now: some Equatable & CustomStringConvertible) {
            if "\(before)" != "\(now)" { lines.append("\(name): \(before) then, \(now) now") }
        }
        compare("verdict", recorded.verdict.rawValue, fresh.verdict.rawValue)
        compare("reason", recorded.reason?.rawValue ?? "none", fresh.reason?.rawValue ?? "none")
        compare("detail", recorded.detail ?? "none", fresh.detail ?? "none")
        compare("part_id", recorded.partID ?? "none", fresh.partID ?? "none")
        compare("regions", recorded.regions.map(\.name), fresh.regions.map(\.name))
        for (before, now) in zip(recorded.regions, fresh.regions) where before != now {
            compare("\(before.name): verdict", before.verdict.rawValue, now.verdict.rawValue)
            compare("\(before.name): score", before.score, now.score)
            compare("\(before.name): agreement", before.agreement, now.agreement)
            if before.defects != now.defects { lines.append("\(before.name): \(before.defects.count) defects then, \(now.defects.count) now, or others") }
        }
        return lines.isEmpty ? ["the events differ in their text"] : lines
    }
}

/// Something that a verdict cannot be computed again without: names it, and what would be right.
public struct VerificationError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
