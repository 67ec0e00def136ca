import ArgumentParser
import Service

struct TokensAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make a token for somebody, and print it once.",
        discussion: "The name is what the record of changes says. The page asks for the token; programs send the header Authorization: Bearer TOKEN.")

    @Argument(help: "Whose it is: letters, digits and ._-/@+.")
    var name: String

    @OptionGroup var tokens: TokenListOptions

    func run() throws {
        let token = AccessTokens.makeToken()
        try ListFile.replace(tokens.list, with: try AccessTokens.text(try AccessTokens.fileText(path: tokens.list), adding: name, token: token, file: tokens.list))
        Terminal.print(token)
    }
}
