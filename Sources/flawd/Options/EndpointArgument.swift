import ArgumentParser
import Service
import Streaming

/// An address on the command line: `tcp://host:port` or `ipc://path`, with `bind:` or `connect:` in front where the option's
/// own role is not the one that is meant.
struct EndpointArgument: ExpressibleByArgument {
    var role: Endpoint.Role?
    var address: String

    init?(argument: String) {
        for role in [Endpoint.Role.bind, .connect] where argument.hasPrefix("\(role.rawValue):") {
            self.role = role
            address = String(argument.dropFirst(role.rawValue.count + 1))
            return
        }
        address = argument
    }

    /// - Throws: `ValidationError` when the address is not usable.
    func endpoint(otherwise role: Endpoint.Role) throws -> Endpoint {
        let endpoint = Endpoint(self.role ?? role, address)
        if let problem = endpoint.problem { throw ValidationError(problem) }
        return endpoint
    }
}
