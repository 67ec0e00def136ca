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
            """)

    @OptionGroup var socket: SocketOptions

    @Option(help: ArgumentHelp("Only cameras whose names begin so.", valueName: "prefix"))
    var camera = ""

    @Flag(help: "Print every event as published, one JSON a line; the summary goes to standard error.")
    var json = false

    @Option(help: "End after this many verdicts.")
    var count: Int?

    @Option(help: "End when nothing came for this many seconds.")
    var timeout: Double?

    @Option(help: ArgumentHelp("Folder that tells defective parts from good ones.", valueName: "folder"))
    var truth: String?

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be 1 or more.") }
        if let timeout, !(timeout > 0 && timeout <= 86_400) { throw ValidationError("--timeout must be more than 0 and at most 86400 seconds.") }
    }

    func run() async throws {
        let table = try truth.map { try TruthTable(folder: $0) }
        let endpoints = socket.endpoints(otherwise: Endpoint(.connect, "tcp://127.0.0.1:5556"))
        let stop = StopSignal()
        let watcher = try await onThread("watch") {
            var watcher = Watcher(command: self, truth: table)
            try watcher.run(endpoints: endpoints, stop: stop)
            return watcher
        }
        for line in watcher.summary { json ? Terminal.printError(line) : Terminal.print(line) }
        if let count, watcher.tally.frames < count { throw ExitCode(1) }
    }
}
