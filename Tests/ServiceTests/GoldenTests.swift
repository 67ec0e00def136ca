import Foundation
import Imaging
import Inspection
import Testing

@testable import Service

/// Bright pictures are good.
private final class BrightnessInspector: FrameInspecting {
    let frameMask = BinaryMask()

    func inspect(_ image: RGBImage, camera: String) throws -> FrameInspection {
        if camera == "broken" { throw FakeFailure(description: "no weights") }
        let mean = image.bytes.reduce(0) { $0 + Int($1) } / max(1, image.bytes.count)
        return FrameInspection(result: FrameResult(verdict: mean > 170 ? .pass : mean > 85 ? .review : .fail), regionsRevision: nil)
    }

    func drawOverlay(of result: FrameResult, on image: RGBImage, into jpeg: inout [UInt8]) {}
}

@Suite struct GoldenTests {
    private let folder: TemporaryFolder
    private let regions: RegionFile

    init() throws {
        folder = try TemporaryFolder()
        let text = "version: 1\ncameras:\n  line1/*:\n    regions:\n      - {name: a, shape: {frame: true}}\n  broken:\n    regions:\n      - {name: a, shape: {frame: true}}\n"
        regions = try RegionFile(path: folder.write(text, to: "r.yaml"))
    }

    private func picture(_ name: String, _ value: UInt8) throws -> String {
        let image = RGBImage()
        image.resize(width: 8, height: 8)
        for index in image.bytes.indices { image.bytes[index] = value }
        var jpeg: [UInt8] = []
        try JPEGEncoder().encode(image, into: &jpeg)
        let path = "\(folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data(jpeg).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func settings(good: [String] = [], defective: [String] = [], camera: String = "line1/top", halts: Bool = false) -> GoldenSettings {
        var settings = GoldenSettings(), samples = GoldenSettings.Camera(camera: camera)
        (samples.good, samples.defective) = (good, defective)
        settings.cameras = [samples]
        settings.onFailure = halts ? .halt : .report
        return settings
    }

    private func pipeline() -> (Pipeline, Feed, FakeSink.Output) {
        let rig = Rig(PipelineSettings()), feed = Feed()
        let pipeline = Pipeline(
            settings: PipelineSettings(),
            stages: PipelineStages(
                makeSource: { FakeSource(feed: feed) }, makeDecoder: { FakeDecoder(clock: nil) }, makeInspector: { BrightnessInspector() },
                makeSink: { rig.sink() }, interruptSource: { feed.interrupt() }),
            identity: PipelineIdentity(model: "m", build: "b"), logger: quiet)
        return (pipeline, feed, rig.output)
    }

    /// Inspects the samples once, beside a pipeline that has nothing else to do.
    private func inspect(_ settings: GoldenSettings) async throws -> (report: GoldenReport?, pipeline: Pipeline, history: GoldenKeeper.State, said: [StatusEvent]) {
        let (pipeline, feed, output) = pipeline()
        let keeper = GoldenKeeper(try GoldenSamples(settings, regions: regions), pipeline: pipeline, limits: ImageLimits(), logger: quiet)
        try await pipeline.start()
        let report = await Task.onThread { keeper.inspectNow() }.value
        feed.end()
        try await pipeline.finished()
        let said = output.words.update { $0 }.compactMap { word -> StatusEvent? in if case .status(let event) = word { event } else { nil } }
        return (report, pipeline, keeper.history, said)
    }

    @Test func keeper_LetsNothingPass_BeforeTheFirstLook_NorAfterAWrongAnswer_UntilSomebodyAcknowledges() async throws {
        let bad = try picture("bad/bright.jpg", 250), (pipeline, feed, _) = pipeline()
        var settings = settings(defective: [bad], halts: true)
        settings.everySeconds = 1
        let keeper = GoldenKeeper(try GoldenSamples(settings, regions: regions), pipeline: pipeline, limits: ImageLimits(), logger: quiet)
        // Before the pipeline runs nobody can look.
        let running = Task { try await keeper.run() }
        while pipeline.station.withholding == nil { await Task.yield() }
        #expect(pipeline.station.withholding?.contains("have not been inspected yet") == true)
        try await pipeline.start()
        while keeper.history.runs == 0 || pipeline.station.withholding?.contains(bad) != true { await Task.yield() }
        #expect(pipeline.station.acknowledge()?.contains(bad) == true && pipeline.station.withholding == nil)
        // On schedule it is looked again, and is as wrong as before.
        while pipeline.station.withholding?.contains(bad) != true { await Task.yield() }
        #expect(keeper.history.runs >= 2 && keeper.history.failures == keeper.history.runs)
        running.cancel()
        try await running.value
        feed.end()
        try await pipeline.finished()
    }

    @Test func rightAnswers_AreSaid() async throws {
        let settings = settings(
            good: [try picture("good/a.jpg", 250)], defective: [try picture("bad/b.jpg", 10), try picture("bad/c.jpg", 128)], halts: true)
        let (report, pipeline, history, said) = try await inspect(settings)
        #expect(report?.isRight == true && report?.good == 1 && report?.defective == 2)
        #expect(history.runs == 1 && history.failures == 0)
        #expect(said.map(\.condition).contains(.goldenRight) && pipeline.station.withholding == nil)
    }

    @Test func wrongAnswers_NameTheFile_AndHaltWhereAsked() async throws {
        let dark = try picture("good/dark.jpg", 10), bright = try picture("bad/bright.jpg", 250)
        for halts in [false, true] {
            let (report, pipeline, history, said) = try await inspect(settings(good: [dark], defective: [bright], halts: halts))
            #expect(report?.wrong.map(\.problem) == ["is good and got fail", "is defective and passed"])
            #expect(history.failures == 1 && said.contains { $0.condition == .goldenWrong && $0.detail.contains(dark) && $0.detail.contains(bright) })
            #expect((pipeline.station.withholding != nil) == halts)
        }
    }

    @Test func unreadableSample_AndFailedInspection_AreWrongAnswers() async throws {
        let cut = try folder.write("no picture", to: "cut.jpg")
        #expect(try await inspect(settings(good: [cut])).report?.wrong.first?.problem.hasPrefix("cannot be read: ") == true)
        let fine = try picture("fine.jpg", 250)
        #expect(try await inspect(settings(defective: [fine], camera: "broken")).report?.wrong.map(\.problem) == ["could not be inspected: no weights"])
    }

    @Test func folder_IsItsPictures() throws {
        _ = try picture("many/b10.jpg", 1)
        _ = try picture("many/b9.jpg", 1)
        _ = try folder.write("x", to: "many/notes.txt")
        let samples = try GoldenSamples(settings(good: ["\(folder.path)/many"]), regions: regions)
        #expect(samples.samples.map { URL(fileURLWithPath: $0.file).lastPathComponent } == ["b9.jpg", "b10.jpg"])
    }

    @Test func whatIsNotThere_IsNamed() throws {
        let empty = "\(folder.path)/empty"
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        let cases = [
            (settings(good: ["/nowhere/a.jpg"]), "/nowhere/a.jpg: golden sample: no such file or folder"),
            (settings(good: [empty]), "\(empty): golden samples: no jpg, jpeg, png, bmp files in this folder"),
            (settings(good: [try picture("x.jpg", 1)], camera: "line9"), "golden.cameras.line9: the region file has no entry"),
        ]
        for (settings, problem) in cases {
            #expect { try GoldenSamples(settings, regions: regions) } throws: { "\($0)".contains(problem) }
        }
    }

    /// Nobody waits for ever for a worker that is gone, or never was.
    @Test func endedPipeline_GivesNoAnswer() async throws {
        let (pipeline, feed, _) = pipeline()
        let keeper = GoldenKeeper(
            try GoldenSamples(settings(good: [try picture("a.jpg", 250)]), regions: regions), pipeline: pipeline, limits: ImageLimits(), logger: quiet)
        try await pipeline.start()
        feed.end()
        try await pipeline.finished()
        await pipeline.ended()
        #expect(await Task.onThread { keeper.inspectNow() }.value == nil)
        #expect(keeper.history.runs == 0)
    }
}
