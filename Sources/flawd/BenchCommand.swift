import ArgumentParser
import Foundation
import SegmentAnything
import SelfPerception
import Service
import Tensor

struct BenchCommand: AsyncParsableCommand {
    enum Subject: String, ExpressibleByArgument, CaseIterable { case frame, encoder, decoder, tune, products, journal, recording }

    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure speed and memory on this machine.",
        discussion: """
            encoder: the image encoder on a normalised picture, beside the rate that OpenBLAS reaches on the same matrix \
            products. decoder: the answers to one prompt and to eight, beside the time of the encoding. \
            frame: from JPEG bytes to the verdict's JSON, with one whole-frame region and with two regions that share an \
            encoding; medians. journal: verdicts committed before they are published, beside verdicts that are only numbered, with a model that \
            takes no time. recording: what putting JPEG frames into MCAP files takes of a core. tune: a step of tuning on one picture. products: the kernel of linear layers beside OpenBLAS at nano's and ViT-B's sizes, one thread.
            A peer is a program that is timed in turns with flawd, a block of rounds each: it prints its name, then for each \
            line it reads runs once and prints the milliseconds that took. deploy/bench compares with ONNX Runtime and \
            OpenVINO so.
            """)

    @Argument(help: "What to measure: frame, encoder, decoder, tune, products, journal or recording.")
    var subject = Subject.frame

    @OptionGroup var model: ModelOptions

    @Option(help: "Rounds that count (default: 40, or fewer when they would take minutes).")
    var rounds: Int?

    @Option(help: "journal: verdicts a second, 600; recording: MB a second, 100.")
    var rate: Double?

    @Option(help: ArgumentHelp("journal, recording: where the files are made that are measured; they go again. (default: here)", valueName: "folder"))
    var folder: String?

    @Option(help: ArgumentHelp("JPEG to inspect instead of a synthetic part.", valueName: "file"))
    var image: String?

    @Option(help: "Method whose step tune measures.")
    var method = TuningMethod.spt

    @Option(help: ArgumentHelp("Command of a peer, run by sh; may be given several times.", valueName: "command"))
    var peer: [String] = []

    @Option(help: ArgumentHelp(
        "Measure `encode: region`, too: only what this part of the picture touches (encoder: of the model's input).", valueName: "x,y,w,h"))
    var region: RectangleArgument?

    @Flag(help: "Compare with the figures that were noted for this model on a machine of two cores, too.")
    var againstNotes = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if let rounds, !(3...100_000).contains(rounds) { throw ValidationError("--rounds must be from 3 to 100000, not \(rounds).") }
        if image != nil, subject != .frame { throw ValidationError("--image goes with frame.") }
        if region != nil, subject != .frame, subject != .encoder { throw ValidationError("--region goes with frame and encoder.") }
        if rate != nil || folder != nil, subject != .journal, subject != .recording { throw ValidationError("--rate and --folder go with journal and recording.") }
        if let rate, !(rate >= 1 && rate <= 1e6) { throw ValidationError("--rate must be from 1 to 1000000.") }
        if !peer.isEmpty, [.decoder, .products, .journal, .recording].contains(subject) { throw ValidationError("--peer goes with frame, encoder and tune.") }
        if againstNotes, json || subject != .frame && subject != .encoder {
            throw ValidationError("--against-notes goes with frame and encoder, and not with --json.")
        }
        if [.products, .journal, .recording].contains(subject), model.model != SPTModel.embeddedName || model.adapter != nil {
            throw ValidationError("\(subject.rawValue) needs no model: --model and --adapter go with the others.")
        }
    }

    func run() async throws {
        let report: any BenchmarkReport = switch subject {
        case .frame: try FrameBenchmark(command: self).run()
        case .encoder: try EncoderBenchmark.run(self)
        case .decoder: try DecoderBenchmark.run(self)
        case .tune: try TuningBenchmark.run(self)
        case .journal: try await JournalBenchmark.run(self)
        case .recording: try RecordingBenchmark.run(self)
        case .products: ProductBenchmark.run(rounds: rounds ?? 40)
        }
        if json {
            try Terminal.printJSON(report)
        } else {
            var lines = ["machine: \(Machine.description)", "products: \(Processor.productLibrary)"] + report.lines
            if againstNotes { lines += BenchmarkNotes.lines(for: report) }
            for line in lines { Terminal.print(line) }
        }
    }
}

protocol BenchmarkReport: Encodable {
    var lines: [String] { get }
    /// What ``BenchmarkNotes`` may have figures for, and how long it took here.
    var noted: (subject: BenchCommand.Subject, model: ModelConfiguration, milliseconds: Double)? { get }
}

extension BenchmarkReport {
    var noted: (subject: BenchCommand.Subject, model: ModelConfiguration, milliseconds: Double)? { nil }
}

extension BenchCommand {
    /// Rounds that count, when one takes `milliseconds`.
    func rounds(of milliseconds: Double) -> Int { rounds ?? min(40, max(3, Int(60_000 / max(milliseconds, 1)))) }
}
