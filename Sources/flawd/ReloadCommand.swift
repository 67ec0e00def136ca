import ArgumentParser
import Service
import Streaming

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have a running flawd read its configuration again.",
        discussion: """
            Regions, limits, adapters, cameras (subscribe), golden samples and the log level are taken over between two frames; what else \
            changed is named and waits for a restart. Exit code 1: the new files are not usable, and what was in force stays.
            """)

    @OptionGroup var options: ControlOptions

    @Flag(help: "Wait until the new configuration is in force, or refused. Without it the command ends once flawd has been told.")
    var wait = false

    @Flag(help: "Print the answer as JSON.")
    var json = false

    func run() async throws {
        try await options.tell(wait ? .reload : .reloadLater).show(json: json)
    }
}
