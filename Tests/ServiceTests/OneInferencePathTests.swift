import Foundation
import Imaging
import SegmentAnything
import Testing

@testable import Inspection
@testable import SelfPerception
@testable import Service

/// A limit that was chosen on some scores is only worth something where the line has the same ones.
@Suite struct OneInferencePathTests {
    private static let indices = [0, 3, 5, 8]

    /// The bytes that the line sends, as a folder of good parts.
    private static func samples(in folder: TemporaryFolder) throws -> [DefectSample] {
        let image = RGBImage(), encoder = JPEGEncoder(quality: 90), line = SyntheticLine(seed: 11)
        for index in indices {
            _ = line.part(index, into: image)
            try Data(encoder.encode(image)).write(to: URL(fileURLWithPath: "\(folder.path)/\(index).jpg"))
        }
        return try DefectSample.parts(in: folder.path, areDefective: false)
    }

    /// What every road but the line's makes of the same frames.
    private static func offTheLine(_ model: SPTModel, _ samples: [DefectSample]) throws -> (evaluated: [Double], calibrated: [RegionEvidence]) {
        let regions = try RegionFile(yaml: """
            version: 1
            cameras:
              line1/*:
                regions:
                  - {name: surface, shape: {frame: true}, view: frame}
            """, name: "r")
        let evaluator = PartEvaluator(session: SPTSession(model: model, threads: 1), prompts: [], seed: 1)
        let examiner = FrameExaminer(
            inspector: Inspector(session: SPTSession(model: model, threads: 1)), entry: try #require(regions.entry(of: "line1/top")),
            revision: "", jitters: 0, seed: 1)
        return (
            try samples.map { try evaluator.evaluate($0, index: 0).score },
            try samples.map { try #require(try examiner.examine($0, isJittered: false).regions.first).evidence })
    }

    @Test func evaluateCalibrateAndRun_GiveTheSameScoreForTheSameFrame() async throws {
        let folder = try TemporaryFolder(), samples = try Self.samples(in: folder)
        #expect(samples.map(\.name) == Self.indices.map(String.init))
        let onTheLine = try await LiveLineTests.inspect(Self.indices.map { .part($0) }).map { try #require($0.regions.first) }
        let (evaluated, calibrated) = try await Task.onThread {
            Result { try Self.offTheLine(SPTModel(path: SPTModel.embeddedName), samples) }
        }.value.get()
        try #require(onTheLine.count == samples.count && evaluated.count == samples.count)
        for index in samples.indices {
            #expect(abs(onTheLine[index].score - evaluated[index]) < 1e-5, "evaluate, part \(index)")
            #expect(abs(onTheLine[index].score - calibrated[index].score) < 1e-5, "calibrate, part \(index)")
            #expect(abs(onTheLine[index].agreement - calibrated[index].agreement) < 1e-5)
            #expect(onTheLine[index].defectCount <= calibrated[index].components.count)
        }
        #expect(Set(evaluated).count > 1, "the parts differ")
    }

    /// Tuning measures with low-rank updates that it holds apart from the weights; everyone else merges the adapter that it wrote.
    @Test func tuneGivesTheSameScore_AsThoseWhoLoadWhatItWrote() async throws {
        let folder = try TemporaryFolder(), samples = try Self.samples(in: folder), adapter = "\(folder.path)/a.safetensors"
        let (tuned, evaluated, calibrated) = try await Task.onThread {
            Result {
                var settings = TuningSettings()
                settings.epochs = 1
                settings.goodShare = 0.5
                settings.paintedShare = 0.5
                settings.validationShare = 0
                settings.sampling.points = 400
                let tuner = try Tuner(
                    base: SafeTensorsFile(path: SPTModel.embeddedPath()), adapter: nil, samples: samples, settings: settings,
                    files: .init(output: adapter, cache: nil, overwrite: false, program: "test"), restarts: false, threads: 2)
                try tuner.run { _ in }
                // One epoch, so the weights are still those of the best one.
                let measured = try ValidationSet(samples: samples, session: tuner.validation.session).parts().map(\.score)
                let others = try Self.offTheLine(SPTModel(path: SPTModel.embeddedName, adapter: adapter), samples)
                return (measured, others.evaluated, others.calibrated)
            }
        }.value.get()
        let events = try await LiveLineTests.inspect(Self.indices.map { .part($0) }, adapter: adapter)
        let onTheLine = try events.map { try #require($0.regions.first).score }
        try #require(onTheLine.count == samples.count && tuned.count == samples.count)
        for index in samples.indices {
            #expect(abs(tuned[index] - onTheLine[index]) < 1e-5, "run, part \(index)")
            #expect(abs(tuned[index] - evaluated[index]) < 1e-5, "evaluate, part \(index)")
            #expect(abs(tuned[index] - calibrated[index].score) < 1e-5, "calibrate, part \(index)")
        }
        let base = try await Task.onThread { Result { try Self.offTheLine(SPTModel(path: SPTModel.embeddedName), samples).evaluated } }.value.get()
        #expect(zip(base, tuned).contains { abs($0 - $1) > 1e-4 }, "the adapter does something")
        #expect(events.allSatisfy { $0.model.contains("+") })

        // One that was damaged where it lies does not start to inspect.
        var bytes = try Data(contentsOf: URL(fileURLWithPath: adapter))
        for place in (bytes.count - 40_000..<bytes.count).reversed() where place % 4 == 3 { bytes[place] = 0x41 }
        try bytes.write(to: URL(fileURLWithPath: adapter))
        #expect { try LiveLineTests.daemon(LiveLineTests.configuration(folder, adapter: adapter)) } throws: {
            "\($0)".contains("a.safetensors: does not answer as when it was tuned")
        }
    }
}
