import ArgumentParser
import Foundation
import SelfPerception
import Service
import Tensor

struct BenchCommand: AsyncParsableCommand {
    enum Subject: String, ExpressibleByArgument, CaseIterable { case frame, products }

    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure speed and memory on this machine.",
        discussion: """
            frame: from JPEG bytes to the verdict's JSON, with one whole-frame region and with two regions that share an \
            encoding; medians. products: the kernel of linear layers beside OpenBLAS at the model's own sizes.
            A peer is a program that is timed in turns with flawd, a block of rounds each: it prints its name, then for each \
            line it reads runs once and prints the milliseconds that took. deploy/bench compares with ONNX Runtime and \
            OpenVINO so.
            """)

    @Argument(help: "What to measure: frame or products.")
    var subject = Subject.frame

    @OptionGroup var model: ModelOptions

    @Option(help: "Rounds that count.")
    var rounds = 40

    @Option(help: ArgumentHelp("JPEG to inspect instead of a synthetic part.", valueName: "file"))
    var image: String?

    @Option(help: ArgumentHelp("Command of a peer, run by sh; may be given several times.", valueName: "command"))
    var peer: [String] = []

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard (4...100_000).contains(rounds) else { throw ValidationError("--rounds must be from 4 to 100000, not \(rounds).") }
        if subject == .products, !peer.isEmpty || image != nil { throw ValidationError("--peer and --image go with frame.") }
    }

    func run() async throws {
        let report: any BenchmarkReport = switch subject {
        case .frame: try FrameBenchmark(command: self).run()
        case .products: ProductBenchmark.run(rounds: rounds)
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            Terminal.print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            for line in ["machine: \(Machine.description)", "products: \(Processor.productLibrary)"] + report.lines {
                Terminal.print(line)
            }
        }
    }
}

protocol BenchmarkReport: Encodable {
    var lines: [String] { get }
}
