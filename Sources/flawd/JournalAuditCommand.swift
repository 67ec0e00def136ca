import ArgumentParser
import Foundation
import Service
import Streaming

struct JournalAuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Print what people changed and marked, by whom and when.",
        discussion: "As a table (CSV), or as JSON lines, the newest first.")

    @Argument(help: ArgumentHelp("The journal.", valueName: "file"))
    var file: String

    @Flag(help: "Print a JSON object for each change.")
    var json = false

    func run() throws {
        let entries = try JournalReader(path: file).audit(limit: .max)
        guard json else { return Terminal.print(String(AuditTable.csv(entries).dropLast())) }
        for entry in entries { Terminal.print(String(decoding: try JSONEncoder().encode(entry), as: UTF8.self)) }
    }
}
