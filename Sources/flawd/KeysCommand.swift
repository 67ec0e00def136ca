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
}
