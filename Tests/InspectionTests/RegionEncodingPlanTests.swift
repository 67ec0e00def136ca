import Imaging
import SegmentAnything
import SelfPerception
import Testing
@testable import Inspection

/// `encode: region`: from the file to what the model is told that it may leave out.
@Suite struct RegionEncodingPlanTests {
    private func regions(_ regions: String..., encode: String = "encode: region") throws -> RegionFile {
        let list = regions.map { "      - {\($0)}\n" }.joined()
        return try RegionFile(
            yaml: "version: 1\ncameras:\n  cam:\n    reference_size: [640, 480]\n    \(encode)\n    regions:\n\(list)", name: "r.yaml")
    }

    private let left = "name: left, shape: {box: [0, 0, 100, 480]}, view: frame"
    private let round = "name: round, shape: {ellipse: [500, 240, 60, 60]}, view: frame"

    @Test func default_IsTheWholeFrame() throws {
        for encode in ["pixels_per_mm: 1", "encode: frame"] {
            let file = try regions(left, encode: encode)
            #expect(plan(file).groups.map { $0.needed == nil } == [true] && file.camerasEncodingRegions.isEmpty)
            #expect(!plan(file).explanation().contains { $0.hasPrefix("encode region") })
        }
    }

    @Test func frameRegions_SayWhatTheyTouch() throws {
        let file = try regions(left, round), group = try #require(plan(file, 1280, 960).groups.first)
        #expect(file.camerasEncodingRegions == ["cam"] && file.warnings.isEmpty)
        #expect(group.isNeeded(PixelRect(x: 199, y: 900, width: 50, height: 9)))
        #expect(!group.isNeeded(PixelRect(x: 200, y: 0, width: 600, height: 960)))
        #expect(group.isNeeded(PixelRect(x: 1000, y: 470, width: 9, height: 9)))
        // In the ellipse's bounding box, but not in the ellipse.
        #expect(!group.isNeeded(PixelRect(x: 880, y: 360, width: 20, height: 20)))
    }

    @Test func crops_AreEncodedWhole() throws {
        let file = try regions(left, "name: crop, shape: {box: [300, 300, 400, 400]}")
        #expect(plan(file).groups.map { $0.needed?.count } == [1, nil])
        // A crop of the whole frame shares the encoding, and needs all of it.
        let shared = try regions(left, "name: all, shape: {polygon: [[0, 0], [640, 0], [0, 480]]}", "name: all2, shape: {frame: true}")
        #expect(plan(shared).groups.map { $0.needed == nil }.last == true)
    }

    @Test func wholeFrames_LeaveNothingOut_AndTheFileSaysSo() throws {
        let file = try regions(left, "name: all, shape: {frame: true}, view: frame")
        #expect(file.warnings.count == 1)
        #expect(file.warnings.first?.contains("r.yaml:5: cameras.cam.encode: `region` leaves nothing out: region `all`") == true)
    }

    @Test func theModel_IsToldWhatIsNeeded() throws {
        final class Listener: Perceiving {
            var needed: [Bool?] = []
            func display(_ image: RGBImage, rect: PixelRect, where isNeeded: ((PixelRect) -> Bool)?) {
                needed.append(isNeeded.map { $0(PixelRect(x: 300, y: 0, width: 9, height: 9)) })
            }
            func ask(_ prompts: [Prompt]) -> [Perception] { prompts.map { _ in Perception(draft: .flat(-5), refined: .flat(-5)) } }
        }
        let model = Listener(), inspector = Inspector(model: model)
        for file in [try regions(left), try regions(left, encode: "encode: frame"), try regions("name: a, shape: {frame: true}, view: frame")] {
            #expect(inspector.inspect(image(), plan: plan(file)).verdict == .pass)
        }
        #expect(model.needed == [false, nil, true])
    }

    @Test func explanation_SaysWhatIsEncoded() throws {
        let file = try regions(left), plan = plan(file)
        #expect(plan.explanation()[1].contains("encode region: of the frame only the model's windows that a region touches"))
        let nano = try SPTModel(path: SPTModel.embeddedName)
        #expect(plan.explanation(for: nano)[1] == "encode region: not by this model, which encodes the whole frame")
        #expect(plan.encoding(by: nano)?.share == 1)
    }
}
