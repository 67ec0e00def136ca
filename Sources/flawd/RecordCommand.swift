import ArgumentParser
import Foundation
import Service
import Streaming

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Write cameras' frames into MCAP files, which replay and Foxglove open.",
        discussion: """
            Frames are kept as they came, JPEG or raw, with their headers, under <camera>/color and <camera>/header; with \
            --verdicts also what flawd published of them. What is a second old is in the file: a process that is killed loses no \
            more. Damaged frames are counted, not kept.
            """)

    @OptionGroup var socket: SocketOptions

    @OptionGroup(title: "Security") var security: SecurityOptions

    @Option(help: ArgumentHelp("Folder for the files, which are named flawd-<UTC>.mcap; made if it is not there.", valueName: "folder"))
    var folder = "."

    @Option(help: ArgumentHelp("Only cameras whose names begin so; may be given several times.", valueName: "prefix"))
    var camera: [String] = []

    @Option(help: ArgumentHelp("Where flawd publishes verdicts, to be recorded, too; may be given several times.", valueName: "address"))
    var verdicts: [String] = []

    @Option(help: ArgumentHelp("A file that goes into every recording, such as the region file; may be given several times.", valueName: "file"))
    var attach: [String] = []

    @Option(help: "How chunks are packed: none, lz4 or zstd. JPEG frames gain nothing by it.")
    var compression = ChunkCompression.none

    @Option(help: "A new file begins when one has this many MiB.")
    var fileSize = 1024

    @Option(help: "A new file begins when one covers this many seconds.")
    var fileTime = 600.0

    @Option(help: "The oldest files go when all of them have more MiB. (default: none goes)")
    var keepSize: Int?

    @Option(help: "Files go that were last written to so many days ago. (default: none goes)")
    var keepDays: Double?

    @Option(help: "Recording ends when the disk has fewer MiB free.")
    var reserve = 1024

    @Option(help: "End after this many frames.")
    var count: Int?

    @Option(help: "End when nothing came for this many seconds.")
    var timeout: Double?

    func validate() throws {
        guard (1...1 << 20).contains(fileSize) else { throw ValidationError("--file-size must be from 1 to \(1 << 20) MiB.") }
        guard fileTime >= 1, fileTime <= 86_400 else { throw ValidationError("--file-time must be from 1 to 86400 seconds.") }
        if let keepSize, !(2 * fileSize...1 << 30).contains(keepSize) {
            throw ValidationError("--keep-size must be from \(2 * fileSize) (twice --file-size) to \(1 << 30) MiB.")
        }
        if let keepDays, !(keepDays > 0 && keepDays <= 36_500) { throw ValidationError("--keep-days must be more than 0 and at most 36500.") }
        guard (0...1 << 30).contains(reserve) else { throw ValidationError("--reserve must be from 0 to \(1 << 30) MiB.") }
        if let count, count < 1 { throw ValidationError("--count must be 1 or more.") }
        if let timeout, !(timeout > 0 && timeout <= 86_400) { throw ValidationError("--timeout must be more than 0 and at most 86400 seconds.") }
        for address in verdicts {
            if let problem = Endpoint(.connect, address).problem { throw ValidationError(problem) }
        }
    }

    func run() async throws {
        let cameras = socket.endpoints(otherwise: Endpoint(.connect, "tcp://127.0.0.1:5555")), daemons = verdicts.map { Endpoint(.connect, $0) }
        try security.checkServerKeys(for: cameras + daemons)
        let endpoints = try security.secured(cameras, for: .publish), sources = try security.secured(daemons, for: .publish)
        let context = try security.context()
        let attachments = try attach.map { path in
            do { return FrameRecorder.Attachment(name: URL(fileURLWithPath: path).lastPathComponent, mediaType: Self.mediaType(path), data: try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))) } catch {
                throw InvalidInput("\(path): cannot be read: \(error.localizedDescription)")
            }
        }
        let stop = StopSignal()
        let isWhole = try await onThread("record") {
            let taker = try FrameTaker(command: self, context: context, endpoints: endpoints, verdicts: sources, attachments: attachments, stop: stop)
            return try taker.run()
        }
        if !isWhole { throw ExitCode(1) }
    }

    var settings: FrameRecorder.Settings {
        var settings = FrameRecorder.Settings()
        settings.compression = compression
        settings.fileBytes = UInt64(fileSize) << 20
        settings.fileSeconds = fileTime
        settings.keepBytes = keepSize.map { UInt64($0) << 20 }
        settings.keepSeconds = keepDays.map { $0 * 86_400 }
        settings.reserveBytes = UInt64(reserve) << 20
        return settings
    }

    private static func mediaType(_ path: String) -> String {
        switch URL(fileURLWithPath: path).pathExtension.lowercased() {
        case "yaml", "yml": "application/yaml"
        case "json": "application/json"
        default: "application/octet-stream"
        }
    }
}

extension ChunkCompression: ExpressibleByArgument {}
