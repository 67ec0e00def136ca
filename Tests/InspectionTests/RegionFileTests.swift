import Foundation
import Imaging
import Testing
@testable import Inspection

@Suite struct RegionFileTests {
    @Test func designFile_IsRead() throws {
        let entry = try #require(RegionFile(yaml: designFile, name: "r").entries.first)
        #expect(entry.pattern == .exact("line1/top"))
        #expect(entry.referenceSize == PixelSize(width: 640, height: 480))
        #expect(entry.pixelsPerMm == 12.5)
        let region = try #require(entry.regions.first)
        #expect(region.name == "seal" && region.prompt == .points && region.view == .crop)
        #expect(region.shape == .box(x0: 40, y0: 60, x1: 600, y1: 420))
        #expect(region.points == [.init(x: 120, y: 90, label: .foreground)])
        var limits = Limits()
        limits.minArea = .px(12)
        limits.maxArea = .mm2(0.3)
        limits.minAgreement = 0.3
        #expect(region.limits == limits)
    }

    @Test func defaults_AreThoseOfTheDesign() throws {
        let region = try #require(file("name: a, shape: {frame: true}").entries.first?.regions.first)
        #expect(region.prompt == .box && region.view == .crop && region.grid == .init(columns: 4, rows: 4))
        #expect(region.limits == Limits())
        #expect(Limits().failScore == 0.6 && Limits().reviewScore == 0.4 && Limits().maxDefects == 0)
    }

    @Test func oneScoreAlone_MovesTheOthersDefault() throws {
        func limits(_ text: String) throws -> Limits? {
            try file("name: a, shape: {frame: true}, limits: {\(text)}").entries.first?.regions.first?.limits
        }
        #expect(try limits("fail_score: 0.3")?.reviewScore == 0.3)
        #expect(try limits("review_score: 0.7")?.failScore == 0.7)
        #expect(try limits("fail_score: 0.9")?.reviewScore == 0.4)
    }

    @Test(arguments: [
        ("line1/top", "line1/top"), ("line1/side", "line1/*"), ("line12", "line1*"), ("line1/top2", "line1/*"), ("other", "*"),
    ])
    func exactNameWins_ThenTheLongestPrefix(camera: String, expected: String) throws {
        var text = "version: 1\ncameras:\n"
        for name in ["*", "line1*", "line1/*", "line1/top"] {
            text += "  \"\(name)\": {regions: [{name: \"\(name)\", shape: {frame: true}}]}\n"
        }
        let plan = try #require(RegionFile(yaml: text, name: "r").plan(camera: camera, frame: .init(width: 9, height: 9)))
        #expect(plan.regions.map(\.name) == [expected])
    }

    @Test func camerasWithoutAnEntry_HaveNoPlan() throws {
        let file = try file("name: a, shape: {frame: true}")
        #expect(file.plan(camera: "cam2", frame: .init(width: 9, height: 9)) == nil)
        #expect(file.plan(camera: "ca", frame: .init(width: 9, height: 9)) == nil)
        #expect(file.plan(camera: "cam", frame: .init(width: 0, height: 9)) == nil)
    }

    @Test func byteOrderMarkAndCRLF_AreAccepted() throws {
        let plain = try RegionFile(yaml: designFile, name: "r")
        let windows = "\u{FEFF}" + designFile.replacingOccurrences(of: "\n", with: "\r\n")
        let other = try RegionFile(yaml: windows, name: "r")
        #expect(other.cameras == plain.cameras)
        #expect(other.entries.first?.regions.first?.limits == plain.entries.first?.regions.first?.limits)
        #expect(other.revision != plain.revision, "the revision is of the bytes as they are")
    }

    @Test func revision_IsTheHashOfTheBytes() throws {
        let first = try RegionFile(yaml: designFile, name: "a")
        #expect(first.revision == (try RegionFile(yaml: designFile, name: "b")).revision)
        #expect(first.revision != (try RegionFile(yaml: designFile + "\n", name: "a")).revision)
        #expect(first.revision.count == 64)
        #expect(first.plan(camera: "line1/top", frame: .init(width: 640, height: 480))?.revision == first.revision)
    }

    @Test func partlyOutside_IsClippedWithAWarning() throws {
        let file = try file("name: a, shape: {box: [600, 400, 700, 500]}")
        #expect(file.warnings.count == 1)
        #expect(file.warnings.first?.contains("regions.yaml:6: cameras.cam.regions[0].shape.box") == true)
        #expect(plan(file).regions.first?.displayed == PixelRect(x: 600, y: 400, width: 40, height: 80))
        #expect(try RegionFile(yaml: designFile, name: "r").warnings.isEmpty)
    }

    @Test func file_IsReadFromDisk() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "flawd-\(UUID()).yaml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try designFile.write(toFile: path, atomically: true, encoding: .utf8)
        let read = try RegionFile(path: path)
        #expect(read.revision == (try RegionFile(yaml: designFile, name: "r")).revision)
        #expect(read.cameras == ["line1/top"])
    }

    @Test func frameShapesNeedNoReferenceSize() throws {
        let file = try file("name: a, shape: {frame: true}, limits: {min_area_px: 7}", size: nil)
        for size in [(300, 200), (512, 512)] {
            let region = try #require(plan(file, size.0, size.1).regions.first)
            #expect(region.displayed == PixelRect(x: 0, y: 0, width: size.0, height: size.1))
            #expect(region.limits.minAreaPx == 7)
        }
    }
}
