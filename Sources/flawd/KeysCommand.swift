import ArgumentParser
import Foundation
import SegmentAnything
import Streaming

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Keep the list of public keys that may connect (security.allowed_keys).",
        discussion: """
            A running flawd reads the list again a second or two after it changed. A key that was revoked is refused from its next connection on; \
            connections that exist stay until they end, so start flawd again where it must be at once.
            """,
        subcommands: [KeysAddCommand.self, KeysListCommand.self, KeysRevokeCommand.self])
}

/// The list that the commands work on.
struct KeyListOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The list.", valueName: "file"))
    var list = "allowed-keys"

    /// Puts another text in the list's place, at once. Who may read it stays as it was; a new list everybody may, for it has no secrets.
    func replace(with text: String) throws {
        var status = stat()
        let mode = stat(list, &status) == 0 ? status.st_mode & 0o777 : 0o644
        try OutputFile.requireFolder(of: list)
        try OutputFile.write(text, to: list, overwrite: true, mode: mode)
    }
}
