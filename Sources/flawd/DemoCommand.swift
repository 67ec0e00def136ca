import ArgumentParser
import Foundation
import Service

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a whole line at work: synthetic parts, `flawd run`, `flawd watch`, and how often they were right.",
        discussion: """
            Parts with lighting and texture of their own, some with scratches, pits, stains or cracks of known place, are \
            published over ZeroMQ as a camera. A separately started `flawd run` inspects them with the embedded model, `flawd \
            watch` shows the verdicts. At the end the verdicts are compared with the truth, and three overlays are written.
            """)

    @Option(help: "Parts on the line.")
    var parts = 120

    @Option(help: "Parts a second.")
    var rate = 6.0

    @Option(help: "Seed of the parts.")
    var seed: UInt64 = 11

    @Option(help: ArgumentHelp("Folder for overlays, configuration and log.", valueName: "folder"))
    var out = "flawd-demo"

    @Option(help: ArgumentHelp("Show the line on a web page there while the demo runs, such as 127.0.0.1:9640.", valueName: "address"))
    var page: String?

    func validate() throws {
        if let page, HTTPAddress(page)?.isLoopback != true { throw ValidationError("--page is an address of this machine, such as 127.0.0.1:9640.") }
        guard (1...100_000).contains(parts) else { throw ValidationError("--parts must be from 1 to 100000.") }
        guard rate > 0, rate <= 1000 else { throw ValidationError("--rate must be above 0 and at most 1000 parts a second.") }
    }

    func run() async throws {
        let stop = StopSignal()
        let outcome = try await onThread("demo") {
            let demonstration = try Demonstration(command: self, stop: stop)
            return try demonstration.run()
        }
        for line in outcome.lines { Terminal.print(line) }
        if !outcome.isComplete { throw ExitCode(1) }
    }
}
