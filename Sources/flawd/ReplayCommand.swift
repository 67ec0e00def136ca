import ArgumentParser
import Foundation
import Service
import Streaming

struct ReplayCommand: AsyncParsableCommand {
    enum Codec: String, ExpressibleByArgument, CaseIterable { case jpeg, raw }

    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Publish JPEG files as a camera, or a recording as its cameras; or inspect a recording again.",
        discussion: """
            JPEG files are sent in camera-stream's form under <camera>/color, in the natural order of their names (part2 before \
            part10); part_id is the file's name without its extension. A file that is no usable JPEG is named and skipped.
            Recordings (.mcap, from record or another program) are sent as they were received: every camera in its own form, with \
            its own numbers and times, at the times of then. Files that were cut or damaged are read as far as they go; the exit \
            code is 3 then.
            With --gate nothing is sent: recordings that have verdicts (record --verdicts) are inspected again with the present \
            model, regions and limits, and every verdict is compared with the recorded one: changed verdicts, escapes first, drift \
            of scores, IoU of masks. The exit code is 3 where more changed than is tolerated, and where something was cut or \
            damaged. The result is Markdown.
            """)

    @Argument(help: ArgumentHelp("Folders and JPEG files, or recordings in their order.", valueName: "path"))
    var paths: [String]

    @Option(help: "The camera's name; of recordings, only cameras whose names begin so. (default: line1/top, all)")
    var camera: String?

    @Option(help: "JPEG files: frames a second; 0: as fast as the subscribers take them. (default: 10)")
    var rate: Double?

    @Option(help: "Recordings: how many times as fast as they were recorded; 0: as fast as the subscribers take them. (default: 1)")
    var speed: Double?

    @Option(help: ArgumentHelp("Recordings: begin so many seconds after the first frame, or at a time such as 2026-11-25T06:00:00Z.", valueName: "time"))
    var from: RecordingTime?

    @Option(help: ArgumentHelp("Recordings: end there.", valueName: "time"))
    var to: RecordingTime?

    @Flag(help: "Begin again after the last file, until stopped.")
    var loop = false

    @OptionGroup var socket: SocketOptions

    @OptionGroup(title: "Security") var security: SecurityOptions

    @Flag(inversion: .prefixedNo, help: "Wait for a subscriber before the first frame.")
    var wait = true

    @Option(help: "Seconds to wait for a subscriber.")
    var waitTimeout = 30.0

    @Option(help: "JPEG files: send them as they are, or decoded: jpeg or raw. (default: jpeg)")
    var codec: Codec?

    @Flag(help: "Exit with 1 when a JPEG file had to be skipped.")
    var strict = false

    @OptionGroup(title: "Options of --gate") var gate: GateOptions

    /// Whether recordings are replayed.
    var isRecording: Bool { paths.contains { $0.hasSuffix(".mcap") } }

    func validate() throws {
        guard !isRecording || paths.allSatisfy({ $0.hasSuffix(".mcap") }) else {
            throw ValidationError("Recordings (.mcap) and pictures cannot be replayed together.")
        }
        if isRecording, rate != nil || codec != nil { throw ValidationError("--rate and --codec are for JPEG files; --speed is for recordings.") }
        if !isRecording, speed != nil || from != nil || to != nil { throw ValidationError("--speed, --from and --to are for recordings (.mcap).") }
        if let rate, !(0...10_000).contains(rate) { throw ValidationError("--rate must be from 0 to 10000 frames a second.") }
        if let speed, !(0...10_000).contains(speed) { throw ValidationError("--speed must be from 0 to 10000.") }
        guard waitTimeout >= 0, waitTimeout <= 86_400 else { throw ValidationError("--wait-timeout must be from 0 to 86400 seconds.") }
        if let camera, !(1...200).contains(camera.utf8.count) { throw ValidationError("--camera must have 1 to 200 bytes.") }
        guard gate.gate else { return }
        if !isRecording { throw ValidationError("--gate is for recordings (.mcap).") }
        if speed != nil || loop || !wait || !socket.endpoints.isEmpty || strict {
            throw ValidationError("--gate sends nothing: --speed, --loop, --connect, --bind, --no-wait and --strict are not for it.")
        }
    }

    func run() async throws {
        if gate.gate {
            let status = try await onThread("gate") { [self] in try RecordingGate(command: self).run() }
            if status != 0 { throw ExitCode(status) }
            return
        }
        let targets = socket.endpoints(otherwise: Endpoint(.bind, "tcp://127.0.0.1:5555"))
        try security.checkServerKeys(for: targets)
        let endpoints = try security.secured(targets, for: .subscribe)
        let context = try security.context()
        let stop = StopSignal()
        if isRecording {
            let isWhole = try await onThread("replay") { try RecordingReplayer(command: self, context: context, endpoints: endpoints, stop: stop).run() }
            if !isWhole { throw ExitCode(3) }
            return
        }
        let files = try PictureFiles.list(paths)
        let summary = try await onThread("replay") {
            try Replayer(command: self, context: context, files: files, endpoints: endpoints, stop: stop).run()
        }
        Terminal.progress("")
        Terminal.printError(summary.text)
        if summary.sent == 0 || strict && summary.skipped > 0 { throw ExitCode(1) }
    }
}
