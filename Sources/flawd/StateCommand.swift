import ArgumentParser
import Service
import Streaming

struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "Ask a running flawd how it is: starting, ready, running, halted, error or stopping, and why.")

    @OptionGroup var options: ControlOptions

    @Flag(help: "Print the answer as JSON.")
    var json = false

    func run() async throws {
        try await options.tell(.state).show(json: json)
    }
}
