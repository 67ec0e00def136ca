import ArgumentParser
import Streaming

struct KeysListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Print whose keys are allowed, and for what.")

    @OptionGroup var keys: KeyListOptions

    @Flag(help: "Print the list as JSON.")
    var json = false

    func run() throws {
        let list = try AllowedKeys(path: keys.list)
        let entries = list.entries.map { Entry(name: $0.name, key: $0.key.text, allowedFor: $0.uses.map(\.rawValue).sorted()) }
        if json { return try Terminal.printJSON(entries) }
        for entry in entries { Terminal.print("\(entry.name)  \(entry.key)  \(entry.allowedFor.joined(separator: ", "))") }
    }

    private struct Entry: Encodable {
        var name: String
        var key: String
        var allowedFor: [String]

        enum CodingKeys: String, CodingKey {
            case name, key
            case allowedFor = "allowed_for"
        }
    }
}
