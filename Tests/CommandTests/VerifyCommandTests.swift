import Foundation
import Imaging
import Inspection
import SegmentAnything
import SelfPerception
import Service
import Streaming
import Testing

/// `flawd verify` on a journal, a recording and the embedded model.
struct VerifyCommandTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-verify-\(UUID().uuidString)").path
    private let start: Int64 = 1_764_000_000_000_000_000

    private var journal: String { "\(folder)/journal.sqlite" }

    /// A part that was inspected, recorded and committed; what the journal has of it is changed first.
    private func inspect(change: (inout VerdictEvent) -> Void = { _ in }) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let regions = try RegionFile(
            yaml: "version: 1\ncameras:\n  line1/top: {regions: [{name: all, shape: {frame: true}, limits: {fail_score: 0.6, review_score: 0.4}}]}\n",
            name: "regions.yaml")
        let model = try SPTModel(path: SPTModel.embeddedName), inspector = Inspector(session: SPTSession(model: model, threads: 1))
        let image = RGBImage()
        _ = SyntheticLine(seed: 11).part(0, into: image)
        let jpeg = try JPEGEncoder(quality: 90).encode(image)
        try JPEGDecoder().decode(jpeg, into: image)
        var event = VerdictEvent(
            seq: 1, epoch: "", camera: "line1/top", sequence: 7, arrival: .first, frameHash: jpeg.withUnsafeBytes { ContentHash.sha256($0) }, partID: "part7",
            receivedUTCNs: start, publishedUTCNs: start + 50_000_000, latencyNs: ["total": 5], verdict: .uninspected, roiRevision: regions.revision,
            model: model.hash, build: "another")
        event.take(inspector.inspect(image, plan: try #require(regions.plan(camera: "line1/top", frame: image.size))))
        var settings = FrameRecorder.Settings()
        settings.reserveBytes = 0
        let recorder = try FrameRecorder(folder: folder, program: "test", settings: settings)
        let header = FrameHeader(format: .cameraStream, camera: "line1/top", codec: .jpeg, sequence: 7, size: image.size, partID: "part7")
        try recorder.record(IncomingFrame(header: header, payload: Payload(copying: jpeg)), receivedUTCNs: start)
        try recorder.finish()
        change(&event)
        let archive = RegionArchive(), ledger = try JournalLedger(path: journal, settings: JournalSettings(), regions: archive)
        archive.add(regions)
        var events = [PipelineEvent.missing(MissingEvent(seq: 0, epoch: "", camera: "line1/top", first: 1, last: 6, publishedUTCNs: start)), .verdict(event)]
        try ledger.commit(&events)
    }

    private func verify(_ more: String...) throws -> FlawdProcess {
        try FlawdProcess(["verify", "2", "--journal", journal, "--recordings", folder] + more)
    }

    @Test func verdict_IsTheSame() throws {
        try inspect()
        let result = try verify()
        #expect(result.status == 0 && result.lines.last == "the same, bit for bit" && result.output.contains("part7"), "\(result.output)\(result.errors)")
        #expect(try FlawdProcess("verify", "2", "--journal", journal, "--recordings", folder, "--json").output.contains("\"same\" : true"))
    }

    @Test func changedVerdict_IsFound() throws {
        try inspect { $0.regions[0].score += 1e-12 }
        let result = try verify()
        #expect(result.status == 3 && result.output.contains("all: score") && result.lines.last == "not the same", "\(result.output)\(result.errors)")
    }

    @Test func whatIsMissing_IsNamed() throws {
        try inspect()
        #expect(try FlawdProcess("verify", "1", "--journal", journal, "--recordings", folder).errors.contains("is no verdict"))
        #expect(try FlawdProcess("verify", "9", "--journal", journal, "--recordings", folder).errors.contains("keeps 1 to 2"))
        #expect(try FlawdProcess("verify", "2", "--journal", journal, "--recordings", "\(folder)/none").status == 2)
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) where file.hasSuffix(".mcap") { try FileManager.default.removeItem(atPath: "\(folder)/\(file)") }
        #expect(try verify().errors.contains("holds no recording"))
    }

    @Test func otherModel_IsRefused() throws {
        try inspect { $0.model = String(repeating: "a", count: 64) }
        let result = try verify()
        #expect(result.status == 2 && result.errors.contains("--model names that one"))
    }

    @Test func frameThatWasNotInspected_HasNothingToCompare() throws {
        try inspect {
            $0.verdict = .uninspected
            $0.reason = .overload
            $0.regions = []
        }
        let result = try verify()
        #expect(result.status == 2 && result.errors.contains("overload"))
    }
}
