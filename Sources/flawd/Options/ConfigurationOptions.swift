import ArgumentParser
import Foundation
import Logging
import SelfPerception
import Service
import Streaming

extension OverflowPolicy: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}

/// A configuration from a file, from options, or from a file with options that override it.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Configuration file (YAML).", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Region file (YAML).", valueName: "file"))
    var regions: String?

    @Option(help: ArgumentHelp("Where frames come from (connects; bind:tcp://… binds); may be given several times.", valueName: "address"))
    var subscribe: [EndpointArgument] = []

    @Option(help: ArgumentHelp("Where verdicts go (binds; connect:tcp://… connects); may be given several times.", valueName: "address"))
    var publish: [EndpointArgument] = []

    @OptionGroup(title: "Security") var security: SecurityOptions

    @Option(help: ArgumentHelp("SQLite file that every event is committed to before it is published.", valueName: "file"))
    var journal: String?

    @Option(help: ArgumentHelp("Where subscribers ask for what they missed (binds); needs a journal.", valueName: "address"))
    var catchUp: [String] = []

    @Option(help: ArgumentHelp("Where /metrics, /healthz, /readyz and /status are answered, on loopback, such as 127.0.0.1:9640.", valueName: "address"))
    var http: String?

    @Option(help: ArgumentHelp("nano, the embedded model, or a model file.", valueName: "model"))
    var model: String?

    @Option(help: "Frames inspected at the same time.")
    var workers: Int?

    @Option(help: "Cores one inspection uses.")
    var threads: Int?

    @Option(help: "What happens when a camera's queue is full: drop_oldest or block.")
    var policy: OverflowPolicy?

    @Option(help: "Milliseconds from receipt to the end of inspection.")
    var deadlineMs: Int?

    @Flag(help: "Publish <camera>/mask.")
    var masks = false

    @Flag(help: "Publish <camera>/overlay/color.")
    var overlays = false

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level?

    func validate() throws {
        _ = try endpoints()
        try check(workers, "--workers", 1...64)
        try check(threads, "--threads", 1...256)
        try check(deadlineMs, "--deadline-ms", 1...3_600_000)
        for address in catchUp {
            if let problem = Endpoint(.bind, address).problem { throw ValidationError("--catch-up: \(problem)") }
        }
        if let http {
            do { _ = try HTTPSettings(bind: http, insecure: false) } catch { throw ValidationError("--http: \(error)") }
        }
        guard config == nil else { return }
        if regions == nil { throw ValidationError("Give --config FILE, or --regions FILE with --subscribe and --publish.") }
        if subscribe.isEmpty { throw ValidationError("Without --config, --subscribe says where frames come from.") }
        if publish.isEmpty { throw ValidationError("Without --config, --publish says where verdicts go.") }
    }

    /// The configuration, validated.
    func configuration() throws -> Configuration {
        var configuration = try config.map { try Configuration(path: $0) } ?? Configuration()
        let (sources, sinks) = try endpoints()
        if !sources.isEmpty { configuration.subscribe.endpoints = sources }
        if !sinks.isEmpty { configuration.publish.endpoints = sinks }
        try secure(&configuration)
        configuration.regions = regions ?? configuration.regions
        if let journal {
            // How it is kept stays as the configuration says.
            var file = configuration.journal ?? Configuration.JournalFile(path: journal)
            file.path = journal
            configuration.journal = file
        }
        if !catchUp.isEmpty { configuration.publish.catchUp = catchUp.map { Endpoint(.bind, $0) } }
        if !configuration.publish.catchUp.isEmpty, configuration.journal == nil {
            throw InvalidInput("--catch-up answers from a journal; --journal FILE names one")
        }
        if let http { configuration.http = try HTTPSettings(bind: http, insecure: false) }
        configuration.model = model ?? configuration.model
        if let workers {
            configuration.pipeline.workers = workers
            configuration.threads = max(1, ProcessInfo.processInfo.activeProcessorCount / workers)
        }
        configuration.threads = threads ?? configuration.threads
        configuration.pipeline.policy = policy ?? configuration.pipeline.policy
        configuration.pipeline.deadlineMs = deadlineMs ?? configuration.pipeline.deadlineMs
        if masks { configuration.pipeline.publishesMasks = true }
        if overlays { configuration.pipeline.publishesOverlays = true }
        configuration.logLevel = logLevel ?? configuration.logLevel
        if let (_, problem) = configuration.securityProblems.first { throw InvalidInput("\(problem); on the command line --secret-key, --allowed-keys, --server-key and --insecure say so") }
        return configuration
    }

    /// Keys from options replace the file's; server keys are for the addresses that options name, `--insecure` is for all.
    private func secure(_ configuration: inout Configuration) throws {
        let (sources, sinks) = try endpoints()
        try security.checkServerKeys(for: sources + sinks)
        let allowedKeys = security.allowedKeys ?? configuration.security?.allowedKeys
        if let secretKey = security.secretKey {
            configuration.security = .init(key: .file(secretKey), allowedKeys: allowedKeys)
        } else {
            configuration.security?.allowedKeys = allowedKeys
        }
        if !subscribe.isEmpty { configuration.subscribe.security = try security.section(for: configuration.subscribe.endpoints) }
        if !publish.isEmpty { configuration.publish.security = try security.section(for: configuration.publish.endpoints) }
        if security.insecure {
            configuration.subscribe.security.isInsecure = true
            configuration.publish.security.isInsecure = true
        }
    }

    private func endpoints() throws -> (subscribe: [Endpoint], publish: [Endpoint]) {
        (try subscribe.map { try $0.endpoint(otherwise: .connect) }, try publish.map { try $0.endpoint(otherwise: .bind) })
    }
}
