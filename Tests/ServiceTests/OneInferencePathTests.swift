import Foundation
import Imaging
import Testing

@testable import Inspection
@testable import SelfPerception
@testable import Service

/// A limit that was chosen on some scores is only worth something where the line has the same ones.
@Suite struct OneInferencePathTests {
    @Test func evaluateCalibrateAndRun_GiveTheSameScoreForTheSameFrame() async throws {
        let folder = try TemporaryFolder(), indices = [0, 3, 5, 8]
        // The bytes that the line sends.
        let image = RGBImage(), encoder = JPEGEncoder(quality: 90), line = SyntheticLine(seed: 11)
        for index in indices {
            _ = line.part(index, into: image)
            try Data(encoder.encode(image)).write(to: URL(fileURLWithPath: "\(folder.path)/\(index).jpg"))
        }
        let samples = try DefectSample.parts(in: folder.path, areDefective: false)
        #expect(samples.map(\.name) == indices.map(String.init))

        let onTheLine = try await LiveLineTests.inspect(indices.map { .part($0) }).map { try #require($0.regions.first) }
        let model = try SPTModel(path: SPTModel.embeddedName)
        let regions = try RegionFile(yaml: """
            version: 1
            cameras:
              line1/*:
                regions:
                  - {name: surface, shape: {frame: true}, view: frame}
            """, name: "r")
        let (evaluated, calibrated) = try await Task.onThread { () -> Result<([Double], [RegionEvidence]), any Error> in
            Result {
                let evaluator = PartEvaluator(session: SPTSession(model: model, threads: 1), prompts: [], seed: 1)
                let examiner = FrameExaminer(
                    inspector: Inspector(session: SPTSession(model: model, threads: 1)),
                    entry: try #require(regions.entry(of: "line1/top")), revision: "", jitters: 0, seed: 1)
                return (
                    try samples.map { try evaluator.evaluate($0, index: 0).score },
                    try samples.map { try #require(try examiner.examine($0, isJittered: false).regions.first).evidence })
            }
        }.value.get()
        try #require(onTheLine.count == indices.count && evaluated.count == indices.count)
        for index in indices.indices {
            #expect(abs(onTheLine[index].score - evaluated[index]) < 1e-5, "evaluate, part \(indices[index])")
            #expect(abs(onTheLine[index].score - calibrated[index].score) < 1e-5, "calibrate, part \(indices[index])")
            #expect(abs(onTheLine[index].agreement - calibrated[index].agreement) < 1e-5)
            #expect(onTheLine[index].defectCount <= calibrated[index].components.count)
        }
        #expect(Set(evaluated).count > 1, "the parts differ")
    }
}
