import Imaging
import SegmentAnything
import SelfPerception
import Testing
@testable import Inspection

@Suite struct CalibrationTests {
    private static let yaml = """
        version: 1
        cameras:
          cam:
            reference_size: [640, 480]
            regions:
              - {name: left, shape: {box: [0, 0, 300, 480]}}
              - {name: right, shape: {box: [340, 0, 640, 480]}}
        """

    /// Frames whose left region shows a defect of some clarity; every second defective part's defect lies in the right one.
    private static func frames(defective: Int, good: Int, isTold: Bool = true) -> [CalibrationFrame] {
        (0..<defective + good).map { index in
            let isDefective = index < defective, side = index % 2
            let regions = (0..<2).map { region -> CalibrationFrame.Region in
                let here = isDefective && region == side
                // The right region's defects are fainter, and its good parts cleaner.
                let high = region == 0 ? 0.9 : 0.5, low = region == 0 ? 0.6 : 0.2
                let score = (here ? high : low) + Double(index % 10) / 100
                return .init(
                    evidence: RegionEvidence(score: score, agreement: 1, components: []),
                    holdsDefect: isTold || !isDefective ? here : nil,
                    jittered: [RegionEvidence(score: score - 0.05, agreement: 1, components: [])])
            }
            return CalibrationFrame(name: "part\(index)", isDefective: isDefective, areaScale: 1, regions: regions)
        }
    }

    private static func calibration(_ goal: CalibrationGoal = .init(.escapes, atMost: 0.05)) throws -> Calibration {
        try Calibration(RegionFile(yaml: yaml, name: "r"), path: "r", camera: "cam", goal: goal, settings: .init())
    }

    @Test func eachRegion_HasItsOwnLimit_WhereTheTruthTellsThemApart() throws {
        let frames = Self.frames(defective: 160, good: 200)
        let result = try Self.calibration().result(model: "m", chosenOn: frames, heldOut: frames, skipped: [])
        #expect(result.after.escapes == 0 && result.after.overkill == 0)
        let scores = try result.regions.map { try #require($0.after).reviewScore }
        #expect(scores[0] > 0.69 && scores[0] <= 0.9 && scores[1] > 0.29 && scores[1] <= 0.5)
        #expect(result.isShown && result.missing == 0)
        #expect(result.statement.hasPrefix("shown: 0 of 160 held-out parts: at most 1.855% escapes"))
        #expect(result.before.overkill == 200, "0.6 fails or reviews every good part's left region")
    }

    @Test func whereTheTruthDoesNotTell_AllRegionsShareTheirScores() throws {
        let frames = Self.frames(defective: 160, good: 200, isTold: false)
        let result = try Self.calibration().result(model: "m", chosenOn: frames, heldOut: frames, skipped: [])
        let after = try result.regions.map { try #require($0.after) }
        #expect(after[0] == after[1])
        #expect(result.regions.allSatisfy { $0.remark?.contains("does not tell") == true })
        #expect(result.after.escapes == 0, "at the price of overkill: \(result.after.overkill)")
    }

    @Test func tooFewParts_AreNamed() throws {
        let frames = Self.frames(defective: 40, good: 60)
        let result = try Self.calibration(.init(.escapes, atMost: 0.02)).result(model: "m", chosenOn: frames, heldOut: frames, skipped: [])
        #expect(!result.isShown && result.missing == 109)
        #expect(result.statement.contains("not shown") && result.statement.contains("needs 109 more defective parts held out"))
    }

    @Test func aRegionWithoutDefects_KeepsItsLimits() throws {
        let frames = Self.frames(defective: 100, good: 100).map { frame in
            var frame = frame
            frame.regions[1].holdsDefect = false
            return frame
        }
        let result = try Self.calibration().result(model: "m", chosenOn: frames, heldOut: frames, skipped: [])
        #expect(result.regions[1].after == nil && result.regions[1].remark == "no defective part to choose on; its limits stay")
        #expect(result.limits[1] == Limits())
    }

    @Test func defectsOutsideEveryRegion_AreSaid() throws {
        let frames = Self.frames(defective: 100, good: 100).enumerated().map { index, frame in
            var frame = frame
            if index < 4 { for region in 0..<2 { frame.regions[region].holdsDefect = false } }
            return frame
        }
        let result = try Self.calibration().result(model: "m", chosenOn: frames, heldOut: frames, skipped: [])
        #expect(result.outside == 4)
        #expect(result.lines.contains { $0.hasPrefix("4 of the held-out defective parts have no defect inside a region") })
        #expect(try Self.calibration().result(model: "m", chosenOn: frames, heldOut: Array(frames.dropFirst(4)), skipped: []).outside == 0)
    }

    @Test func anUninspectedDefectivePart_IsAnEscape() throws {
        var frames = Self.frames(defective: 100, good: 100)
        for index in 0..<3 { frames[index].regions = [] }
        let result = try Self.calibration().result(model: "m", chosenOn: frames, heldOut: frames, skipped: [])
        #expect(result.after.escapes == 3)
    }

    @Test func signs_RankWrongVerdictsAgainstRightOnes() throws {
        // Two good parts are stopped; they are the ones that disagree, that move most and that lie next to the limit.
        let frames = (0..<10).map { index in
            let isWrong = index < 2
            let evidence = RegionEvidence(score: isWrong ? 0.61 : 0.1, agreement: isWrong ? 0.2 : 0.9, components: [])
            var jittered = evidence
            jittered.score = isWrong ? 0.3 : 0.11
            return CalibrationFrame(
                name: "\(index)", isDefective: false, areaScale: 1,
                regions: [.init(evidence: evidence, holdsDefect: false, jittered: [jittered])])
        }
        var limits = Limits()
        limits.reviewScore = 0.6
        let signs = ErrorSign.all(frames, limits: [limits], pixelsPerMm: nil)
        #expect(signs.map(\.name) == ErrorSign.Name.allCases)
        for sign in signs { #expect(sign.good == 1 && sign.all == 1 && sign.defective == nil && sign.wrong == 2 && sign.right == 8) }
        let still = frames.map { frame in
            var frame = frame
            frame.regions[0].jittered = []
            return frame
        }
        #expect(ErrorSign.all(still, limits: [limits], pixelsPerMm: nil).map(\.name) == [.disagreement, .closeness])
    }

    @Test func amongPassedParts_EscapesAreComparedWithGoodOnes() throws {
        // Two defective parts pass with little agreement, eight good ones with much; a good part that is stopped does not count.
        let frames = (0..<11).map { index in
            let evidence = RegionEvidence(score: index == 10 ? 0.9 : 0.1, agreement: index < 2 || index == 10 ? 0.3 : 0.8, components: [])
            return CalibrationFrame(
                name: "\(index)", isDefective: index < 2, areaScale: 1, regions: [.init(evidence: evidence, holdsDefect: index < 2)])
        }
        let sign = try #require(ErrorSign.all(frames, limits: [Limits()], pixelsPerMm: nil).first)
        #expect(sign.name == .disagreement && sign.passed == 1 && sign.all == 1 && sign.good == 1 && sign.defective == nil)
    }

    @Test func jitteredRegions_StayCloseAndUsable() throws {
        let file = try RegionFile(yaml: """
            version: 1
            cameras:
              cam:
                reference_size: [640, 480]
                regions:
                  - {name: a, shape: {frame: true}}
                  - {name: b, shape: {ellipse: [320, 240, 100, 60]}, prompt: points, points: [[320, 240, 1]]}
                  - {name: c, shape: {polygon: [[0, 0], [640, 0], [320, 480]]}, view: frame}
            """, name: "r")
        let entry = try #require(file.entry(of: "cam")), frame = PixelSize(width: 640, height: 480)
        for variant in 0..<50 {
            var jitter = RegionJitter(seed: 1, variant: variant), again = RegionJitter(seed: 1, variant: variant)
            let moved = jitter(entry, frame: frame)
            #expect(moved == again(entry, frame: frame) && moved != entry)
            for (region, original) in zip(moved.regions, entry.regions) {
                let bounds = try #require(region.shape.bounds)
                let whole = original.shape.bounds ?? Bounds(x0: 0, y0: 0, x1: 640, y1: 480)
                // 4% of the side by moving, 2% by stretching.
                #expect(abs(bounds.x0 - whole.x0) <= 0.061 * (whole.x1 - whole.x0) && abs(bounds.y1 - whole.y1) <= 0.061 * (whole.y1 - whole.y0))
                #expect(region.limits == original.limits && region.name == original.name)
            }
            let plan = InspectionPlan(entry: moved, frame: frame, revision: "")
            let result = Inspector(model: FakeModel.constant(draft: .flat(-3), refined: .flat(-3))).inspect(RGBImage(width: 640, height: 480), plan: plan)
            #expect(result.verdict == .pass && result.regions.count == 3)
        }
    }

    @Test func anUnknownCamera_IsNamed() throws {
        #expect(throws: FileError.self) {
            try Calibration(
                RegionFile(yaml: Self.yaml, name: "r"), path: "r", camera: "other", goal: .init(.escapes, atMost: 0.05), settings: .init())
        }
    }
}
