import ArgumentParser
import Inspection
import Service
import Streaming

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show verdicts as they are published, and a summary at the end.",
        discussion: """
            With --truth DIR, an event's part_id is looked up there: NAME.png means that part NAME is defective, NAME.jpg \
            alone that it is good. The summary then compares verdicts with the truth; an uninspected defective part counts as \
            an escape, and a part up for review as stopped.
            With --since, events are asked for that were published before, and those that do not arrive, so that none is missed and \
            none comes twice: the daemon needs a journal and publish.catch_up.
            """)

    @OptionGroup var socket: SocketOptions

    @OptionGroup(title: "Security") var security: SecurityOptions

    @Option(help: ArgumentHelp("Only cameras whose names begin so.", valueName: "prefix"))
    var camera = ""

    @Flag(help: "Print every event as published, one JSON a line; the summary goes to standard error.")
    var json = false

    @Option(help: "End after this many verdicts.")
    var count: Int?

    @Option(help: "End when nothing came for this many seconds.")
    var timeout: Double?

    @Option(help: ArgumentHelp("Begin after the event of this number (0: with the oldest that is kept), and miss none.", valueName: "seq"))
    var since: UInt64?

    @Option(help: ArgumentHelp("The journal's epoch that --since is of; another one begins anew.", valueName: "epoch"))
    var epoch: String?

    @Option(help: ArgumentHelp("Where the daemon answers from its journal. (default: tcp://127.0.0.1:5557)", valueName: "address"))
    var catchUp: String?

    @Option(help: ArgumentHelp("Folder that tells defective parts from good ones.", valueName: "folder"))
    var truth: String?

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be 1 or more.") }
        if let timeout, !(timeout > 0 && timeout <= 86_400) { throw ValidationError("--timeout must be more than 0 and at most 86400 seconds.") }
        if since == nil, epoch != nil || catchUp != nil { throw ValidationError("--epoch and --catch-up belong to --since.") }
        if let problem = source?.problem { throw ValidationError("--catch-up: \(problem)") }
    }

    /// Where missed events are asked for; nil: nowhere.
    var source: Endpoint? { since.map { _ in Endpoint(.connect, catchUp ?? "tcp://127.0.0.1:5557") } }

    func run() async throws {
        let table = try truth.map { try TruthTable(folder: $0) }
        let sources = socket.endpoints(otherwise: Endpoint(.connect, "tcp://127.0.0.1:5556"))
        try security.checkServerKeys(for: sources + (source.map { [$0] } ?? []))
        let endpoints = try security.secured(sources, for: .publish)
        let source = try source.map { try security.secured([$0], for: .publish) }?.first
        let context = try security.context()
        let stop = StopSignal()
        let watcher = try await onThread("watch") {
            var watcher = Watcher(command: self, truth: table)
            try watcher.run(context: context, endpoints: endpoints, source: source, stop: stop)
            return watcher
        }
        for line in watcher.summary { json ? Terminal.printError(line) : Terminal.print(line) }
        if let count, watcher.tally.frames < count { throw ExitCode(1) }
    }
}
