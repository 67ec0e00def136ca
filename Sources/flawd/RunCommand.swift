import ArgumentParser
import CoreMetrics
import Foundation
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
            SIGHUP and flawd reload read the configuration again: regions, adapters, subscribe, golden and log are taken over while \
            frames are inspected, the rest at the next start. A change of the region file alone is noticed by itself. A bad file leaves \
            what was in force as it was.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.configuration()
        let environment = ProcessInfo.processInfo.environment, level = SharedLogLevel(configuration.logLevel)
        LoggingSystem.bootstrap { label in
            let lines = StreamLogHandler.standardError(label: label)
            return SharedLevelHandler(JournaldLogHandler(label: label, environment: environment, fallback: lines) ?? lines, level: level)
        }
        let logger = Logger(label: "flawd"), manager = ServiceManager(environment: environment), options = options
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        func daemon() throws -> Daemon {
            try Daemon(configuration: configuration, reread: { try options.configuration() }, level: level, manager: manager, metrics: metrics, logger: logger)
        }
        try await (manager?.extendingStart(daemon) ?? daemon()).run()
    }
}
