import Foundation
import Imaging
import SegmentAnything
import SelfPerception
import Service
import Tensor

/// `flawd bench tune`: one step of tuning on one picture, forward, back and the optimiser, in turns with peers.
enum TuningBenchmark {
    struct Report: BenchmarkReport {
        var machine: String
        var model: String
        var configuration: ModelConfiguration
        var method: TuningMethod
        var trained: Int
        var threads: Int
        var rounds: Int
        var stepMs: Double
        var peakMB: Double?
        var peers: [PeerResult]

        var lines: [String] {
            let size = configuration.imageSize
            var lines = [
                "model \(model), method \(method.rawValue) (\(trained) numbers), \(threads) threads, input \(size)×\(size), medians of \(rounds) rounds",
                "a step (encoder, draft, refine, back, Adam) on one picture: \(fixed(stepMs, 1)) ms",
            ]
            if let peakMB { lines.append("resident memory: at most \(fixed(peakMB, 0)) MB") }
            return lines + peers.map(\.line)
        }
    }

    static func run(_ command: BenchCommand) throws -> Report {
        let options = command.model, base = try SafeTensorsFile(path: SPTModel.path(of: options.model))
        var target = TuningTarget()
        target.method = command.method
        let plan = target.plan(seed: 1, encoder: try ModelConfiguration(of: base).encoder)
        let model = try SPTModel(base: base, adapter: options.adapter.map { try SafeTensorsFile(path: $0) }, tuning: plan)
        let step = TuningStep(model: model, plan: plan, target: target, threads: options.threads)
        let optimiser = AdamW(plan.parameters.trainable), sampling = PointSampling(), clock = PipelineClock.system
        let side = model.configuration.imageSize, input = Tensor(rows: side * side, columns: 3)
        var generator = SeededGenerator(seed: 1)
        for index in 0..<input.count { input.pointer[index] = 2 * generator.signed() }
        let quarter = side / 4, inside = quarter..<2 * quarter
        let truth = TruthMap(
            size: PixelSize(width: side, height: side),
            values: (0..<side * side).map { inside.contains($0 % side) && inside.contains($0 / side) ? 1 : 0 })
        let prompt = Prompt(box: .init(left: Float(quarter), top: Float(quarter), right: Float(2 * quarter), bottom: Float(2 * quarter)))
        func round() -> Double {
            let start = clock.monotonicNs()
            _ = step(.input(input), prompt: prompt, truth: truth) { sampling.points(in: $0, size: $1, using: &generator) }
            optimiser.step(learningRate: 1e-6)
            plan.parameters.clearGradients()
            plan.parameters.refresh()
            return Double(clock.monotonicNs() - start) / 1e6
        }
        let peers = try command.peer.map { try BenchmarkPeer(command: $0) }
        let warm = round(), rounds = command.rounds(of: warm * Double(1 + peers.count))
        for peer in peers { _ = try peer.round() }
        var ours: [Double] = []
        let theirs = try BenchmarkPeer.inTurns(peers, rounds: rounds) { ours.append(round()) }
        let stepMs = ours.median
        return Report(
            machine: Machine.description, model: "\(options.model) \(model.hash.prefix(12))", configuration: model.configuration,
            method: command.method, trained: plan.parameters.trainable.reduce(0) { $0 + $1.value.count }, threads: options.threads,
            rounds: rounds, stepMs: stepMs, peakMB: Machine.peakResidentBytes.map { Double($0) / 1e6 },
            peers: zip(peers, theirs).map { PeerResult(name: $0.name, times: $1, ours: stepMs) })
    }
}
