import ArgumentParser
import Foundation
import Service
import Streaming

struct ReplayCommand: AsyncParsableCommand {
    enum Codec: String, ExpressibleByArgument, CaseIterable { case jpeg, raw }

    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Publish JPEG files as a camera.",
        discussion: """
            Frames are sent in camera-stream's form under <camera>/color, in the natural order of their names (part2 before \
            part10); part_id is the file's name without its extension. A file that is no usable JPEG is named and skipped.
            """)

    @Argument(help: ArgumentHelp("Folders and JPEG files.", valueName: "path"))
    var paths: [String]

    @Option(help: "The camera's name.")
    var camera = "line1/top"

    @Option(help: "Frames a second; 0: as fast as they are read.")
    var rate = 10.0

    @Flag(help: "Begin again after the last file, until stopped.")
    var loop = false

    @OptionGroup var socket: SocketOptions

    @Flag(inversion: .prefixedNo, help: "Wait for a subscriber before the first frame.")
    var wait = true

    @Option(help: "Seconds to wait for a subscriber.")
    var waitTimeout = 30.0

    @Option(help: "Send the files as they are, or decoded: jpeg or raw.")
    var codec = Codec.jpeg

    @Flag(help: "Exit with 1 when a file had to be skipped.")
    var strict = false

    func validate() throws {
        guard rate >= 0, rate <= 10_000 else { throw ValidationError("--rate must be from 0 to 10000 frames a second.") }
        guard waitTimeout >= 0, waitTimeout <= 86_400 else { throw ValidationError("--wait-timeout must be from 0 to 86400 seconds.") }
        guard !camera.isEmpty, camera.utf8.count <= 200 else { throw ValidationError("--camera must have 1 to 200 bytes.") }
    }

    func run() async throws {
        let files = try PictureFiles.list(paths)
        let endpoints = socket.endpoints(otherwise: Endpoint(.bind, "tcp://127.0.0.1:5555"))
        let stop = StopSignal()
        let summary = try await onThread("replay") {
            try Replayer(command: self, files: files, endpoints: endpoints, stop: stop).run()
        }
        Terminal.progress("")
        Terminal.printError(summary.text)
        if summary.sent == 0 || strict && summary.skipped > 0 { throw ExitCode(1) }
    }
}
