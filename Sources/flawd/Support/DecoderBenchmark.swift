import Foundation
import Imaging
import SegmentAnything
import SelfPerception
import Service

/// `flawd bench decoder`: the answers to one prompt and to eight about one picture.
enum DecoderBenchmark {
    struct Report: BenchmarkReport {
        var machine: String
        var model: String
        var configuration: ModelConfiguration
        var threads: Int
        var rounds: Int
        /// Resize, encoder and visual relation.
        var displayMs: Double
        var onePromptMs: Double
        var eightPromptsMs: Double

        var lines: [String] {
            [
                "model \(model), \(threads) threads, \(configuration.gridSize)×\(configuration.gridSize) tokens, medians of \(rounds) rounds",
                "picture displayed (resize, encoder, visual relation): \(fixed(displayMs, 1)) ms",
                "one prompt: \(fixed(onePromptMs, 1)) ms, \(fixed(100 * onePromptMs / displayMs, 1))% of that",
                "eight prompts: \(fixed(eightPromptsMs, 1)) ms, \(fixed(eightPromptsMs / onePromptMs, 2)) times one",
            ]
        }

        var noted: (subject: BenchCommand.Subject, model: ModelConfiguration, milliseconds: Double)? {
            (.decoder, configuration, onePromptMs)
        }
    }

    static func run(_ command: BenchCommand) throws -> Report {
        let session = try command.model.session(), clock = PipelineClock.system
        let picture = RGBImage()
        _ = SyntheticLine(seed: 1).part(3, into: picture)
        let frame = PixelRect(picture.size)
        let width = Float(frame.width), height = Float(frame.height)
        let boxes = (0..<8).map { index -> Prompt in
            let inset = Float(index) / 20
            return Prompt(box: .init(left: inset * width, top: inset * height, right: (1 - inset) * width, bottom: (1 - inset) * height))
        }
        func timed(_ body: () -> Void) -> Double {
            let start = clock.monotonicNs()
            body()
            return Double(clock.monotonicNs() - start) / 1e6
        }
        let warm = timed { session.display(picture, rect: frame) } + timed { _ = session.ask(boxes) }
        let rounds = command.rounds(of: warm)
        var display: [Double] = [], one: [Double] = [], eight: [Double] = []
        for done in 0..<rounds {
            display.append(timed { session.display(picture, rect: frame) })
            one.append(timed { _ = session.ask([boxes[0]]) })
            eight.append(timed { _ = session.ask(boxes) })
            Terminal.progress("bench: \(done + 1) of \(rounds) rounds")
        }
        Terminal.progress("")
        return Report(
            machine: Machine.description, model: "\(command.model.model) \(session.model.hash.prefix(12))",
            configuration: session.model.configuration, threads: command.model.threads, rounds: rounds,
            displayMs: display.median, onePromptMs: one.median, eightPromptsMs: eight.median)
    }
}
