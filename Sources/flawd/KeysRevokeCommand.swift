import ArgumentParser
import Streaming

struct KeysRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Allow a key no longer.",
        discussion: "It is refused from its next connection on. A connection that exists stays until it ends, or flawd is started again.")

    @Argument(help: "Whose key it is.")
    var name: String

    @OptionGroup var keys: KeyListOptions

    func run() throws {
        let text = try AllowedKeys.fileText(path: keys.list)
        try ListFile.replace(keys.list, with: try AllowedKeys.text(text, revoking: name, file: keys.list))
    }
}
