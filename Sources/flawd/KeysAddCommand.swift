import ArgumentParser
import Foundation
import Streaming

extension PeerUse: ExpressibleByArgument {}

struct KeysAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Allow a key.",
        discussion: "A camera needs to publish only, a gateway to subscribe only: --for says so, and the key is good for nothing else. Other programs' keys that begin with a dash stand after --.")

    @Argument(help: "Whose key it is: letters, digits and ._-/@+.")
    var name: String

    @Argument(help: "The public key, in single quotes.")
    var key: String?

    @Option(help: ArgumentHelp("Instead of a key: a certificate that has it, such as pyzmq's NAME.key.", valueName: "file"))
    var file: String?

    @Option(name: .customLong("for"), help: "What it is allowed for: publish (frames, to us) or subscribe (verdicts, and catching up). (default: both)")
    var use: PeerUse?

    @OptionGroup var keys: KeyListOptions

    func validate() throws {
        guard (key == nil) != (file == nil) else { throw ValidationError("Give the public key, or --file with a certificate that has it.") }
    }

    func run() throws {
        let publicKey: CurveKey
        if let file {
            publicKey = try CurveKeyFile.publicKey(path: file)
        } else {
            do { publicKey = try CurveKey(key ?? "") } catch { throw InvalidInput("the key of \(name): \(error.problem)") }
        }
        let text = try AllowedKeys.fileText(path: keys.list)
        try ListFile.replace(keys.list, with: try AllowedKeys.text(text, adding: name, key: publicKey, uses: use.map { [$0] } ?? Set(PeerUse.allCases), file: keys.list))
    }
}
