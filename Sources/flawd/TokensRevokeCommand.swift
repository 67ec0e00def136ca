import ArgumentParser
import Service

struct TokensRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "Take somebody's token away.")

    @Argument(help: "Whose it is.")
    var name: String

    @OptionGroup var tokens: TokenListOptions

    func run() throws {
        try ListFile.replace(tokens.list, with: try AccessTokens.text(try AccessTokens.fileText(path: tokens.list), revoking: name, file: tokens.list))
    }
}
