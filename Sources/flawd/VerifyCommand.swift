import ArgumentParser
import Foundation
import Inspection
import Logging
import Service
import Streaming

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compute a verdict of the journal again, and say whether it is the same, bit for bit.",
        discussion: """
            The frame comes from a recording, the region file from the journal, and the model must be the one that the verdict names. With \
            --config, journal, recordings and model are the daemon's. Exit code 3: the verdict is another now.
            """)

    @Argument(help: ArgumentHelp("The verdict's number, as events say it.", valueName: "seq"))
    var seq: UInt64

    @Option(name: .shortAndLong, help: ArgumentHelp("The daemon's configuration (YAML).", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The journal.", valueName: "file"))
    var journal: String?

    @Option(help: ArgumentHelp("A recording, or a folder of them; may be given several times.", valueName: "path"))
    var recordings: [String] = []

    @Option(help: ArgumentHelp("nano, the embedded model, or a model file.", valueName: "model"))
    var model: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if config == nil, journal == nil || recordings.isEmpty { throw ValidationError("Give --config FILE, or --journal FILE and --recordings PATH.") }
    }

    func run() async throws {
        var configuration = try config.map { try Configuration(path: $0) } ?? Configuration()
        configuration.model = model ?? configuration.model
        guard let journal = journal ?? configuration.journal?.path else { throw InvalidInput("\(config ?? ""): names no journal; --journal FILE does") }
        let places = recordings.isEmpty ? configuration.recording.map { [$0.folder] } ?? [] : recordings
        guard !places.isEmpty else { throw InvalidInput("\(config ?? ""): names no recording.folder; --recordings PATH says where the frames are") }
        let files = try places.flatMap(Self.files)
        var logger = Logger(label: "flawd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let (used, output) = (configuration, logger)
        let result = try await onThread("verify") { [seq] in
            do {
                return try VerdictVerifier(journal: JournalReader(path: journal), recordings: files, configuration: used, logger: output).verify(seq)
            } catch let error as VerificationError {
                throw InvalidInput(error.description)
            }
        }
        try show(result)
        if !result.differences.isEmpty { throw ExitCode(3) }
    }

    private struct Report: Encodable {
        var same: Bool
        var differences: [String]
        var recording: String
        var otherBuild: Bool
        var recorded: VerdictEvent
        var fresh: VerdictEvent
    }

    private func show(_ result: VerdictVerifier.Result) throws {
        if json {
            return try Terminal.printJSON(Report(
                same: result.differences.isEmpty, differences: result.differences, recording: result.recording, otherBuild: result.isOtherBuild,
                recorded: result.recorded, fresh: result.fresh))
        }
        let event = result.recorded, part = event.partID.map { " \(Terminal.clean($0))" } ?? ""
        Terminal.print("event \(event.seq): \(Terminal.clean(event.camera)) #\(event.sequence)\(part) \(event.verdict.rawValue), frame from \(result.recording)")
        Terminal.print("model \(event.model)\nregions \(event.roiRevision ?? "none")\nbuild \(event.build)\(result.isOtherBuild ? ", another than this one" : "")")
        for line in result.differences { Terminal.print("differs: \(Terminal.clean(line))") }
        Terminal.print(result.differences.isEmpty ? "the same, bit for bit" : "not the same")
    }

    /// The recordings that a path means, in the order of their names.
    private static func files(_ path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw InvalidInput("\(path): is not there") }
        guard isFolder.boolValue else { return [path] }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch { throw InvalidInput("\(path): cannot be listed: \(error.localizedDescription)") }
        let files = names.filter { $0.hasSuffix(".mcap") }.sorted()
        guard !files.isEmpty else { throw InvalidInput("\(path): holds no recording (.mcap)") }
        return files.map { "\(path)/\($0)" }
    }
}
