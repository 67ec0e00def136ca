import Foundation
import Imaging
import Inspection
import SegmentAnything
import SelfPerception
import Service

/// `flawd bench frame`: JPEG bytes to the JSON of a verdict, on the calling thread, in turns with peers.
final class FrameBenchmark {
    struct Report: BenchmarkReport {
        var machine: String
        var model: String
        var configuration: ModelConfiguration
        var threads: Int
        var picture: [Int]
        var rounds: Int
        /// Medians in milliseconds.
        var frameMs: Double
        var decodeMs: Double
        var encodeMs: Double
        var promptMs: Double
        var measureMs: Double
        var eventMs: Double
        var twoRegionsMs: Double
        /// The share of a frame's time that is neither the encoder nor the decoders.
        var overheadShare: Double
        var residentMB: Double?
        var peakMB: Double?
        var region: RegionReport?
        var peers: [PeerResult]

        var lines: [String] {
            var lines = [
                "model \(model), \(threads) threads, picture \(picture[0])×\(picture[1]), medians of \(rounds) rounds",
                "frame, one whole-frame region: \(fixed(frameMs, 1)) ms (decode \(fixed(decodeMs, 2)), encode \(fixed(encodeMs, 1)), prompt \(fixed(promptMs, 1)), measure \(fixed(measureMs, 2)), event \(fixed(eventMs, 3)))",
                "two frame-view regions: \(fixed(twoRegionsMs, 1)) ms, \(fixed(twoRegionsMs / frameMs, 2)) times one",
                "everything but the model: \(fixed(100 * overheadShare, 2))% of a frame",
            ]
            if let residentMB, let peakMB { lines.append("resident memory: \(fixed(residentMB, 0)) MB, at most \(fixed(peakMB, 0)) MB") }
            return lines + (region?.lines ?? []) + peers.map(\.line)
        }

        var noted: (subject: BenchCommand.Subject, model: ModelConfiguration, milliseconds: Double)? {
            (.frame, configuration, frameMs)
        }
    }

    private struct Times {
        var frame: [Int64] = []
        var decode: [Int64] = []
        var encode: [Int64] = []
        var prompt: [Int64] = []
        var measure: [Int64] = []
        var event: [Int64] = []
        /// Neither encoder nor decoders.
        var overhead: [Int64] = []
    }

    private let command: BenchCommand
    private let inspector: Inspector
    private let model: SPTModel
    private let modelName: String
    private let configuration: ModelConfiguration
    private let jpeg: [UInt8]
    private let size: PixelSize
    private let decoder = JPEGDecoder()
    private let image = RGBImage()
    private let clock = PipelineClock.system

    /// Rounds of one side before the other's turn.
    private static let block = 5

    init(command: BenchCommand) throws {
        self.command = command
        let session = try command.model.session()
        modelName = "\(command.model.model) \(session.model.hash.prefix(12))"
        model = session.model
        configuration = model.configuration
        inspector = Inspector(session: session)
        do {
            if let path = command.image {
                jpeg = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            } else {
                let part = RGBImage()
                _ = SyntheticLine(seed: 1).part(3, into: part)
                jpeg = try JPEGEncoder(quality: 90).encode(part)
            }
            size = try decoder.size(of: jpeg)
        } catch {
            throw InvalidInput("\(command.image ?? "synthetic part"): \((error as? ImagingError)?.description ?? error.localizedDescription)")
        }
    }

    func run() throws -> Report {
        let peers = try command.peer.map { try BenchmarkPeer(command: $0) }
        let one = try plan(["{frame: true}"])
        let (w, h) = (size.width, size.height)
        let two = try plan(["{box: [0, 0, \(w / 2), \(h)]}", "{box: [\(w / 2), 0, \(w), \(h)]}"])
        var single = Times(), double = Times(), theirs = peers.map { _ in [Double]() }
        var warm = Times()
        try frame(one, into: &warm)
        let rounds = command.rounds(of: Double(warm.frame[0]) / 1e6 * Double(2 + peers.count)), block = rounds < 40 ? 1 : Self.block
        for _ in 0..<block {
            try frame(one, into: &warm)
            try frame(two, into: &warm)
            for peer in peers { _ = try peer.round() }
        }
        var done = 0
        while done < rounds {
            let count = min(block, rounds - done)
            for _ in 0..<count { try frame(one, into: &single) }
            for _ in 0..<count { try frame(two, into: &double) }
            for (index, peer) in peers.enumerated() {
                for _ in 0..<count { theirs[index].append(try peer.round()) }
                // A peer's threads may spin for a while after its last round.
                Thread.sleep(forTimeInterval: 0.1)
            }
            done += count
            Terminal.progress("bench: \(done) of \(rounds) rounds")
        }
        Terminal.progress("")
        let frameMs = median(single.frame)
        return Report(
            machine: Machine.description, model: modelName, configuration: configuration, threads: command.model.threads,
            picture: [w, h], rounds: rounds, frameMs: frameMs, decodeMs: median(single.decode), encodeMs: median(single.encode),
            promptMs: median(single.prompt), measureMs: median(single.measure), eventMs: median(single.event),
            twoRegionsMs: median(double.frame), overheadShare: median(single.overhead) / frameMs,
            residentMB: Machine.residentBytes.map { Double($0) / 1e6 },
            peakMB: Machine.peakResidentBytes.map { Double($0) / 1e6 },
            region: try region(rounds: rounds),
            peers: zip(peers, theirs).map { PeerResult(name: $0.name, times: $1, ours: frameMs) })
    }

    /// The region with and without the rest of the frame around it.
    private func region(rounds: Int) throws -> RegionReport? {
        guard let rect = command.region?.rect else { return nil }
        try RegionReport.check(rect, on: size, model: command.model.model, windows: model.windows)
        let shape = ["{box: [\(rect.x), \(rect.y), \(rect.maxX), \(rect.maxY)]}"]
        let whole = try plan(shape), part = try plan(shape, encode: "region")
        guard let encoding = part.encoding(by: model) else { return nil }
        var wholeTimes = Times(), partTimes = Times(), results: [(mask: BinaryMask, score: Double)] = []
        for round in 0..<rounds {
            for (plan, isPart) in [(whole, false), (part, true)] {
                let result = isPart ? try frame(plan, into: &partTimes) : try frame(plan, into: &wholeTimes)
                if round == 0 { results.append((inspector.frameMask, result.regions.first?.score ?? 0)) }
            }
            Terminal.progress("bench: region, \(round + 1) of \(rounds) rounds")
        }
        Terminal.progress("")
        let equal = zip(results[0].mask.pixels, results[1].mask.pixels).count { $0 == $1 }
        let milliseconds = median(partTimes.frame)
        // Both masks are empty outside the region.
        return RegionReport(
            region: [rect.x, rect.y, rect.width, rect.height], windows: encoding.windows, allWindows: encoding.allWindows,
            share: encoding.share, milliseconds: milliseconds, ofWhole: milliseconds / median(wholeTimes.frame),
            agreement: .init(
                maskIoU: results[0].mask.iou(with: results[1].mask),
                pixels: 1 - Double(size.area - equal) / Double(rect.width * rect.height),
                score: results[1].score, wholeScore: results[0].score))
    }

    private func plan(_ shapes: [String], encode: String = "frame") throws -> InspectionPlan {
        let regions = shapes.enumerated().map { "      - {name: r\($0), shape: \($1), view: frame}" }.joined(separator: "\n")
        let yaml = """
            version: 1
            cameras:
              bench:
                reference_size: [\(size.width), \(size.height)]
            \(encode == "frame" ? "" : "    encode: \(encode)")
                regions:
            \(regions)
            """
        guard let plan = try RegionFile(yaml: yaml, name: "bench").plan(camera: "bench", frame: size) else {
            throw InvalidInput("a picture of \(size) is too small to bench")
        }
        return plan
    }

    @discardableResult
    private func frame(_ plan: InspectionPlan, into times: inout Times) throws -> FrameResult {
        let start = clock.monotonicNs()
        try decoder.decode(jpeg, into: image)
        let decoded = clock.monotonicNs()
        let result = inspector.inspect(image, plan: plan)
        let inspected = clock.monotonicNs()
        var event = VerdictEvent(
            seq: 1, epoch: "bench", camera: "bench", sequence: 1, receivedUTCNs: 0, publishedUTCNs: 0, verdict: .uninspected,
            model: modelName, build: "bench")
        event.take(result)
        let bytes = event.json.count
        let end = clock.monotonicNs()
        precondition(bytes > 0 && result.verdict != .uninspected)
        times.frame.append(end - start)
        times.decode.append(decoded - start)
        times.encode.append(result.encodeNs)
        times.prompt.append(result.promptNs)
        times.measure.append(result.measureNs)
        times.event.append(end - inspected)
        times.overhead.append(end - start - result.encodeNs - result.promptNs)
        return result
    }

    /// In milliseconds.
    private func median(_ nanoseconds: [Int64]) -> Double { Double(nanoseconds.median) / 1e6 }
}
