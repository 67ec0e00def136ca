import ArgumentParser
import Streaming

/// `--connect` and `--bind` of the commands that have one socket.
struct SocketOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Connect to an address, tcp://host:port or ipc://path; may be given several times.", valueName: "address"))
    var connect: [String] = []

    @Option(help: ArgumentHelp("Bind an address; may be given several times.", valueName: "address"))
    var bind: [String] = []

    func validate() throws {
        for endpoint in endpoints {
            if let problem = endpoint.problem { throw ValidationError(problem) }
        }
    }

    var endpoints: [Endpoint] { bind.map { Endpoint(.bind, $0) } + connect.map { Endpoint(.connect, $0) } }

    /// The endpoints, or one when none was given.
    func endpoints(otherwise standard: Endpoint) -> [Endpoint] { endpoints.isEmpty ? [standard] : endpoints }
}
