import Foundation
import Imaging
@testable import SelfPerception
import Testing
@testable import Inspection

/// Calibration with nano on parts of the synthetic line, from files to a region file.
@Suite struct CalibrationRunTests {
    private static let yaml = """
        version: 1
        cameras:
          cam:
            regions:
              - {name: all, shape: {frame: true}, view: frame, limits: {fail_score: 0.9, review_score: 0.8}}
        """

    /// Writes the parts of each kind that a line of `count` has.
    private static func samples(_ count: Int, in folder: URL) throws -> [DefectSample] {
        let line = SyntheticLine(seed: 5, size: PixelSize(width: 160, height: 120), defectRate: 0.5), image = RGBImage(), encoder = JPEGEncoder(quality: 90)
        for index in 0..<count {
            let kind = line.part(index, into: image).isDefective ? "bad" : "good"
            let place = folder.appendingPathComponent(kind)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try Data(encoder.encode(image)).write(to: place.appendingPathComponent("\(index).jpg"))
        }
        return try [false, true].flatMap { try DefectSample.parts(in: folder.appendingPathComponent($0 ? "bad" : "good").path, areDefective: $0) }
    }

    @Test func noFrameIsBothChosenOnAndHeldOut_AndTheFileIsWrittenOnlyWhereItIsTheSame() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-calibration-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("regions.yaml").path
        try Self.yaml.write(toFile: path, atomically: true, encoding: .utf8)
        let samples = try Self.samples(14, in: folder), defective = samples.count(where: \.isDefective), good = samples.count - defective
        try #require(defective >= 3 && good >= 3)

        let file = try RegionFile(path: path)
        var settings = CalibrationSettings()
        settings.jitters = 1
        settings.workers = 2
        let calibration = try Calibration(file, path: path, camera: "cam", goal: .init(.overkill, atMost: 0.9), settings: settings)
        let model = try SPTModel(path: SPTModel.embeddedName), result = try calibration.run(model, on: samples) { _ in }
        #expect(result.skipped.isEmpty)
        #expect(result.chosenOnDefective + result.after.defective == defective && result.chosenOnGood + result.after.good == good)
        #expect(result.after.defective == Int((Double(defective) / 2).rounded()) && result.after.good == Int((Double(good) / 2).rounded()))
        // The limit is that of the parts it was chosen on alone: the others may be anything.
        let chosen = try #require(result.limits.first).reviewScore
        let isHeldOut = StratifiedSplit(isDefective: samples.map(\.isDefective), share: settings.heldOutShare, seed: settings.seed).isHeldOut
        var damaged = samples
        for index in samples.indices where isHeldOut[index] && samples[index].isDefective {
            let other = samples.indices.first { isHeldOut[$0] && !samples[$0].isDefective } ?? index
            damaged[index] = DefectSample(
                name: samples[index].name, category: "", defect: "defect", imagePath: samples[other].imagePath, truth: .none)
        }
        let again = try calibration.run(model, on: damaged) { _ in }
        #expect(again.limits.first?.reviewScore == chosen)

        let text = try result.editedFile(path: path, revision: file.revision, date: .now, command: "test")
        #expect(try RegionFile(yaml: text, name: "r").entry(of: "cam")?.regions.first?.limits.reviewScore == chosen)
        try (Self.yaml + "\n# changed").write(toFile: path, atomically: true, encoding: .utf8)
        #expect { try result.editedFile(path: path, revision: file.revision, date: .now, command: "test") } throws: {
            "\($0)".contains("changed while frames were inspected")
        }
    }
}
