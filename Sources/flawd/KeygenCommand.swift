import ArgumentParser
import SegmentAnything
import Streaming

struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a CURVE key pair, which says who a machine is.",
        discussion: """
            The file has both keys and is for its owner's eyes (mode 0600): security.secret_key of the configuration, or --secret-key, names it. \
            The public key is printed; the other side is told it, with flawd keys add, as a server_key, or in any ZeroMQ program. The file is \
            a ZeroMQ certificate, which pyzmq's zmq.auth.load_certificate reads, too.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The key pair's file.", valueName: "file"))
    var output = "flawd.key"

    @Flag(help: "Replace a file that is there: whoever knows the old public key no longer knows this machine.")
    var force = false

    @Flag(help: "Make nothing; print the public key of the file that is there.")
    var show = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if show, force { throw ValidationError("--show makes nothing, so there is nothing to --force.") }
    }

    func run() throws {
        let pair: CurveKeyPair
        if show {
            pair = try CurveKeyFile.read(path: output)
        } else {
            try OutputFile.requireFolder(of: output)
            pair = try CurveKeyPair()
            try OutputFile.write(CurveKeyFile.text(of: pair), to: output, overwrite: force, mode: 0o600)
        }
        if json { return try Terminal.printJSON(Result(file: output, publicKey: pair.publicKey.text)) }
        Terminal.print(pair.publicKey.text)
    }

    private struct Result: Encodable {
        var file: String
        var publicKey: String

        enum CodingKeys: String, CodingKey {
            case file
            case publicKey = "public_key"
        }
    }
}
