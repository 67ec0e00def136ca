import ArgumentParser
import Foundation

/// What ArgumentParser tells of a command (`--experimental-dump-help`), as far as the manual wants it.
struct CommandHelp: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String

            var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        /// `positional`, `option` or `flag`.
        var kind: String
        var isOptional: Bool
        var isRepeating: Bool
        var shouldDisplay: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var abstract: String?
        var discussion: String?

        var isPositional: Bool { kind == "positional" }

        /// `-c, --config FILE`, `PATH...`
        var term: String {
            let value = (valueName ?? "value").uppercased()
            guard !isPositional else { return isRepeating ? "\(value)..." : value }
            let names = (names ?? []).map(\.text).sorted { $0.count < $1.count }.joined(separator: ", ")
            return kind == "option" ? "\(names) \(value)" : names
        }
    }

    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool
    var arguments: [Argument]?
    var subcommands: [CommandHelp]?

    private struct Dump: Decodable {
        var command: CommandHelp
    }

    /// - Throws: `DecodingError` when the package tells it in another form.
    static func of(_ command: (some ParsableCommand).Type) throws -> CommandHelp {
        try JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8)).command
    }
}
