import Foundation
import Imaging
import Inspection
import Testing

@testable import Service

@Suite struct GateTallyTests {
    private static let size = PixelSize(width: 40, height: 30)

    /// A region with a rectangle as its only defect, or with none.
    private static func region(_ name: String, _ verdict: Verdict, score: Double, _ rect: PixelRect? = nil) -> RegionResult {
        var region = RegionResult(name: name, verdict: verdict, score: score, agreement: 1, because: ["score \(score)"])
        if let rect {
            var mask = BinaryMask(width: rect.width, height: rect.height)
            for index in mask.pixels.indices { mask.pixels[index] = 1 }
            region.defects = [
                Defect(
                    box: rect, areaPx: rect.width * rect.height, areaMm2: nil, centroid: (0, 0), score: score,
                    segmentation: RunLengthCode(mask, atX: rect.x, y: rect.y, in: size)),
            ]
        }
        return region
    }

    private static func event(_ sequence: UInt64, _ verdict: Verdict, _ regions: [RegionResult] = [], reason: UninspectedReason? = nil) -> VerdictEvent {
        VerdictEvent(
            seq: sequence, epoch: "e", camera: "line1/top", sequence: sequence, frameHash: "h", partID: "p\(sequence)", receivedUTCNs: 1_764_000_000_123_456_789,
            publishedUTCNs: 0, verdict: verdict, reason: reason, regions: regions, roiRevision: "r", model: "m", build: "b")
    }

    @discardableResult
    private static func add(_ fresh: VerdictEvent, _ recorded: VerdictEvent?, to tally: inout GateTally) -> GateChange? {
        tally.add(fresh, recorded: recorded, comparison: recorded.map { FrameComparison(recorded: $0, fresh: fresh, size: size) })
    }

    // MARK: One frame

    @Test func masks_AreComparedAsUnions() throws {
        let left = PixelRect(x: 0, y: 0, width: 10, height: 10), right = PixelRect(x: 5, y: 0, width: 10, height: 10)
        let comparison = FrameComparison(
            recorded: Self.event(1, .fail, [Self.region("a", .fail, score: 0.9, left), Self.region("b", .pass, score: 0.25)]),
            fresh: Self.event(1, .fail, [Self.region("a", .fail, score: 0.7, right), Self.region("b", .pass, score: 0.5, left)]), size: Self.size)
        #expect(comparison.regions.map(\.name) == ["a", "b"])
        #expect(abs(comparison.regions[0].drift + 0.2) < 1e-12 && comparison.regions[1].drift == 0.25)
        #expect(comparison.regions.map(\.iou) == [50.0 / 150, 0])
        // Together the fresh regions cover 15 columns, the recorded ones 10 of them.
        #expect(comparison.iou == 100.0 / 150 && comparison.largestDrift == 0.25)
    }

    @Test func noMaskThenAndNow_IsAgreement_AndOneSidedRegionsAreNamed() {
        let comparison = FrameComparison(
            recorded: Self.event(1, .pass, [Self.region("seal", .pass, score: 0.1), Self.region("old", .pass, score: 0.1)]),
            fresh: Self.event(1, .pass, [Self.region("new", .pass, score: 0.9), Self.region("seal", .pass, score: 0.1)]), size: Self.size)
        #expect(comparison.iou == 1 && comparison.largestDrift == 0)
        #expect(comparison.regions.map(\.name) == ["seal"] && comparison.onlyRecorded == ["old"] && comparison.onlyNow == ["new"])
    }

    @Test func recordedMaskThatIsNone_IsSaid_NotCompared() {
        var broken = Self.region("a", .fail, score: 0.9, PixelRect(x: 0, y: 0, width: 4, height: 4))
        broken.defects[0].segmentation = RunLengthCode(size: Self.size, counts: "~~")
        let foreign = FrameComparison(recorded: Self.event(1, .fail, [broken]), fresh: Self.event(1, .fail, [broken]), size: Self.size)
        #expect(foreign.iou == nil && foreign.problem != nil, "garbage does not agree with itself")
        broken.defects[0].segmentation = RunLengthCode(BinaryMask(width: 8, height: 8))
        #expect(FrameComparison(recorded: Self.event(1, .fail, [broken]), fresh: Self.event(1, .pass, [Self.region("a", .pass, score: 0)]), size: Self.size).iou == nil)
    }

    // MARK: All frames

    @Test func changes_AreCounted_EscapesFirst() throws {
        var tally = GateTally(recordings: ["r.mcap"], tolerance: GateTolerance())
        let (ok, bad) = ([Self.region("a", .pass, score: 0.25)], [Self.region("a", .fail, score: 0.75)])
        Self.add(Self.event(1, .pass, ok), Self.event(1, .pass, ok), to: &tally)
        #expect(Self.add(Self.event(2, .review, bad), Self.event(2, .pass, ok), to: &tally)?.kind == .other)
        #expect(Self.add(Self.event(3, .fail, bad), Self.event(3, .pass, ok), to: &tally)?.kind == .overkill)
        #expect(Self.add(Self.event(4, .pass, ok), Self.event(4, .fail, bad), to: &tally)?.kind == .escape)
        #expect(Self.add(Self.event(5, .uninspected, reason: .noRegion), Self.event(5, .fail, bad), to: &tally)?.kind == .other)
        Self.add(Self.event(6, .fail, bad), Self.event(6, .uninspected, reason: .overload), to: &tally)
        Self.add(Self.event(7, .fail, bad), nil, to: &tally)
        let report = tally.finished()
        #expect(report.frames == 7 && report.compared == 5 && report.changed == 4 && report.escapes == 1 && report.overkill == 1)
        #expect(report.changes.map(\.sequence) == [4, 3, 2, 5])
        #expect(report.transitions == [
            "pass": ["pass": 1, "review": 1, "fail": 1], "fail": ["pass": 1, "uninspected": 1], "uninspected": ["fail": 1],
        ])
        #expect(report.uninspectedThen == ["overload": ["fail": 1]] && report.withoutVerdict == 1)
        #expect(report.uninspectedNow == ["no_region": 1] && report.camerasWithoutRegions == ["line1/top"])
        #expect(report.drift.regions == 4 && report.drift.mean == 0.125 && report.drift.meanMagnitude == 0.375)
        #expect(report.drift.largest == 0.5 && report.drift.largestAt == "line1/top frame 2, a")
        #expect(!report.passes && report.beyondTolerance.count == 1)
        let markdown = report.markdown.joined(separator: "\n")
        #expect(markdown.contains("4 of 5 verdicts changed, at most 0 may") && markdown.contains("not inspected then (overload): 1; would have been 1 fail"))
        #expect(markdown.contains("p4") && markdown.contains("2025-11-24T16:00:00.123Z"))
        let lines = report.markdown
        let escapes = try #require(lines.firstIndex { $0.contains("escapes (fail → pass): 1") }), overkill = try #require(lines.firstIndex { $0.contains("overkill (pass → fail): 1") })
        #expect(escapes < overkill)
        _ = try JSONEncoder().encode(report)
    }

    @Test func sameVerdicts_OpenTheGate_AndHashesThatDifferAreSaid() {
        var tally = GateTally(recordings: ["r.mcap"], tolerance: GateTolerance())
        var recorded = Self.event(1, .pass, [Self.region("a", .pass, score: 0.25)])
        Self.add(recorded, recorded, to: &tally)
        #expect(tally.finished().passes && tally.finished().model.isSame)
        recorded.model = "another"
        Self.add(Self.event(2, .pass, recorded.regions), recorded, to: &tally)
        let report = tally.finished()
        #expect(report.passes && report.model == .init(recorded: ["another", "m"], now: ["m"]) && report.regionFile.isSame)
        #expect(report.markdown.contains { $0.contains("model: recorded another, m, now m") })
    }

    @Test func nothingCompared_ProvesNothing() {
        var tally = GateTally(recordings: ["r.mcap"], tolerance: GateTolerance())
        Self.add(Self.event(1, .pass), nil, to: &tally)
        #expect(!tally.finished().passes && tally.finished().beyondTolerance[0].contains("no frame could be compared"))
    }

    @Test func tooFewCompared_ProveNothing() {
        func report(_ with: Int, of all: Int) -> GateReport {
            var tally = GateTally(recordings: ["r.mcap"], tolerance: GateTolerance())
            for number in 1...all { Self.add(Self.event(UInt64(number), .pass), number <= with ? Self.event(UInt64(number), .pass) : nil, to: &tally) }
            return tally.finished()
        }
        #expect(report(2, of: 4).passes)
        #expect(report(1, of: 3).beyondTolerance == ["2 of 3 frames have no recorded verdict to be compared with, at most 50% may"])
    }

    @Test func tolerance_IsForCountsSharesScoresAndMasks() {
        var tolerance = GateTolerance()
        tolerance.changed = .share(0.29)
        #expect(tolerance.changed.allows(29, of: 100) && !tolerance.changed.allows(30, of: 100))
        tolerance.changed = .frames(2)
        #expect(tolerance.changed.allows(2, of: 2) && !tolerance.changed.allows(3, of: 100))
        let here = PixelRect(x: 0, y: 0, width: 10, height: 10), there = PixelRect(x: 1, y: 0, width: 10, height: 10)
        func report(_ tolerance: GateTolerance) -> GateReport {
            var tally = GateTally(recordings: [], tolerance: tolerance)
            Self.add(Self.event(1, .fail, [Self.region("a", .fail, score: 0.875, there)]), Self.event(1, .fail, [Self.region("a", .fail, score: 0.75, here)]), to: &tally)
            return tally.finished()
        }
        #expect(report(tolerance).passes && report(tolerance).changes.isEmpty)
        tolerance.drift = 0.125
        tolerance.iou = 90.0 / 110
        #expect(report(tolerance).passes)
        tolerance.drift = 0.124
        #expect(report(tolerance).beyondTolerance.count == 1 && report(tolerance).changes.map(\.kind) == [.drift])
        tolerance.iou = 0.82
        #expect(report(tolerance).beyondTolerance.count == 2)
    }

    @Test func quantiles_AreWithinABin_AndZeroIsZero() throws {
        var histogram = DriftHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for _ in 0..<60 { histogram.add(0) }
        for step in 1...40 { histogram.add(Double(step) / 100) }
        #expect(histogram.quantile(0.5) == 0 && histogram.quantile(1) == 0.4 && histogram.count == 100)
        let p90 = try #require(histogram.quantile(0.9))
        #expect(p90 >= 0.3 && p90 <= 0.3 * 129 / 128)
        histogram.add(1e-60)
        let just = try #require(histogram.quantile(0.6035))
        #expect(just > 0, "what is not 0 is not counted as 0")
    }

    @Test func listedChanges_AreBounded_AndWordsOfOthersAreHarmless() throws {
        var tally = GateTally(recordings: ["<b>.mcap"], tolerance: GateTolerance())
        for number in 0..<UInt64(GateTally.mostChanges + 5) {
            var recorded = Self.event(number, .fail, [Self.region("<script>|\u{1B}[2J", .fail, score: 0.9)])
            recorded.regions[0].because = [String(repeating: "x", count: 5000)]
            Self.add(Self.event(number, .pass, [Self.region("a", .pass, score: 0.1)]), recorded, to: &tally)
        }
        let report = tally.finished()
        #expect(report.changes.count == GateTally.mostChanges && report.unlistedChanges == 5 && report.escapes == GateTally.mostChanges + 5)
        #expect(report.changes[0].recordedReason.count <= 300)
        #expect(!report.html.contains("<script>") && report.html.contains("&lt;script&gt;"))
        #expect(!report.markdown.contains { $0.contains("\u{1B}") })
    }
}
