import ArgumentParser
import Logging
import Service

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Inspect frames until told to stop.",
        discussion: """
            Frames come from --subscribe or the configuration's subscribe section, verdicts go to --publish or its publish \
            section. Options override the file.

            SIGTERM and SIGINT stop intake and inspect what is queued for shutdown_ms at most; a second one stops at once. \
            SIGHUP, and a change of the region file, put the new regions in force; a bad file leaves the old ones in force.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.configuration()
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "flawd")
        logger.logLevel = configuration.logLevel
        try await Daemon(configuration: configuration, logger: logger).run()
    }
}
