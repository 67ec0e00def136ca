import ArgumentParser
import Service
import Streaming

struct GoldenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "golden",
        abstract: "Have a running flawd inspect its golden samples, parts whose verdicts are known.",
        discussion: """
            The configuration's golden: names them. The pipeline's own workers inspect them between two frames. Exit code 3: a sample was judged \
            wrongly.
            """)

    @OptionGroup var options: ControlOptions

    @Flag(help: "Inspect nothing: whatever halted the station is known, and parts may pass again.")
    var acknowledge = false

    @Flag(help: "Print the answer as JSON.")
    var json = false

    func run() async throws {
        try await options.tell(acknowledge ? .acknowledge : .golden).show(json: json, failure: ExitCode(3))
    }
}
