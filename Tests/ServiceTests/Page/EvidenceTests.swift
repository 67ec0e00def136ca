import Foundation
import Imaging
import Inspection
import Streaming
import Testing

@testable import Service

/// Limits are tried on what was judged alike: one model, and a region that was drawn and shown to it in one way.
@Suite struct EvidenceTests {
    /// A region file, with its text's revision.
    private static func file(shape: String = "box: [0, 0, 9, 9]", view: String = "crop", fail: Double = 0.6) throws -> RegionFile {
        let text = "version: 1\ncameras:\n  c:\n    reference_size: [10, 10]\n    regions:\n      - {name: a, shape: {\(shape)}, view: \(view), limits: {fail_score: \(fail)}}\n"
        return try RegionFile(bytes: Array(text.utf8), name: "r.yaml")
    }

    @Test func framesOfAnotherModelOrDrawing_AreLeftOut_ThoseWithOtherLimitsCount() throws {
        let folder = try TemporaryFolder(), path = "\(folder.path)/journal.sqlite"
        let files = [try Self.file(shape: "box: [0, 0, 5, 5]"), try Self.file(view: "frame"), try Self.file(fail: 0.9), try Self.file()]
        // Model, region file, score; the last region file is the one in force, and the newest frame's model the one that counts.
        let judged: [(String, Int, Double)] = [
            ("new", 0, 0.1), ("new", 1, 0.2), ("old", 2, 0.3), ("old", 3, 0.4), ("new", 2, 0.5), ("new", 3, 0.7), ("new", 3, 0.8),
        ]
        var settings = JournalSettings()
        settings.ballastBytes = 0
        let journal = try Journal(path: path, settings: settings, utcNs: 0)
        try journal.append(
            judged.enumerated().map { index, frame in
                let seq = UInt64(index + 1), verdict: Verdict = frame.2 < 0.6 ? .pass : .fail
                let event = RecentFramesTests.event(seq, verdict, regions: [RegionResult(name: "a", verdict: verdict, score: frame.2, agreement: 1)])
                return JournalRecord(
                    seq: seq, kind: .verdict, camera: "c", session: 1, sequence: seq, arrival: .next, verdict: verdict.rawValue, model: frame.0,
                    regions: files[frame.1].revision, publishedUTCNs: 0, monotonicNs: 0, json: event.json)
            }, regionFiles: Dictionary(uniqueKeysWithValues: files.map { ($0.revision, $0.bytes) }))
        let rig = Rig(PipelineSettings()), regions = try ReloadableFile(path: "r.yaml") { _ in files[3] }
        let review = ReviewDesk(
            pipeline: rig.pipeline, recent: RecentFrames(), journal: PageJournal(path: path), recordings: nil, exports: folder.path, limits: ImageLimits())
        let desk = EvidenceDesk(review: review, regions: regions), evidence = try desk.evidence(camera: "c", region: "a")
        #expect(evidence.frames.map(\.score) == [0.8, 0.7, 0.5] && evidence.leftOut == 4)
        let entry = "{\"reference_size\": [10, 10], \"regions\": [{\"name\": \"a\", \"shape\": {\"box\": [0, 0, 9, 9]}, \"limits\": {\"fail_score\": 0.75, \"review_score\": 0.6}}]}"
        let outcome = try desk.outcome(camera: "c", region: "a", entry: Array(entry.utf8))
        // Scores alone, without a defect that counts, are for a person to look at.
        #expect(outcome.frames == 3 && outcome.verdicts == ["pass": 1, "review": 2])
    }
}
