import Foundation
import Testing

/// The command as a user has it: built beside the tests, run with arguments.
struct FlawdProcess {
    var status: Int32
    var output: String
    var errors: String

    init(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
        try self.init(arguments, sourceLocation: sourceLocation)
    }

    init(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let candidates = [tests, Bundle.main.bundleURL, Bundle.main.executableURL?.deletingLastPathComponent()].compactMap { $0?.appendingPathComponent("flawd") }
        let program = try #require(
            candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }, "flawd is not beside its tests: \(candidates)", sourceLocation: sourceLocation)
        let process = Process(), output = Pipe(), errors = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString).err")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        status = process.terminationStatus
        self.output = String(decoding: data, as: UTF8.self)
        self.errors = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
    }

    var lines: [String] { output.split(separator: "\n").map(String.init) }
}
