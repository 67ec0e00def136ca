import ArgumentParser
import Foundation
import Service

struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "Keep the list of tokens that changes over HTTP need (http.tokens).",
        discussion: """
            A running flawd sees a change of the list at the next request: who was revoked is out at once. The list has the tokens' hashes, \
            not the tokens.
            """,
        subcommands: [TokensAddCommand.self, TokensListCommand.self, TokensRevokeCommand.self])
}

/// The list that the commands work on.
struct TokenListOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The list.", valueName: "file"))
    var list = "tokens"
}

struct TokensListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Print who has a token.")

    @OptionGroup var tokens: TokenListOptions

    func run() throws { for entry in try AccessTokens(path: tokens.list).entries { Terminal.print(entry.name) } }
}
