/// What a daemon can be told on its control socket: one JSON object, `{"command": "reload"}`.
public enum ControlCommand: String, Sendable, CaseIterable {
    /// The configuration is read again; the answer comes when it is in force, or refused.
    case reload
    /// The same, and the answer comes at once.
    case reloadLater = "reload_later"
    /// The golden samples are inspected; the answer says which were judged wrong.
    case golden
    /// Whatever halted the station is known; parts may pass again.
    case acknowledge
    /// How is it?
    case state

    /// Of a request.
    static let maxBytes = 4096

    /// - Throws: `WireProblem` saying what would be right.
    init(json: [UInt8]) throws(WireProblem) {
        let fields = try JSONReader.object(json)
        if let key = fields.keys.filter({ $0 != "command" }).min() { throw WireProblem("unknown key '\(key.prefix(40))'; command is known") }
        let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
        guard case .string(let name)? = fields["command"] else { throw WireProblem("command must be one of \(known)") }
        guard let command = Self(rawValue: name) else { throw WireProblem("unknown command '\(name.prefix(40))'; \(known) are known") }
        self = command
    }

    var json: [UInt8] { Array("{\"command\":\"\(rawValue)\"}".utf8) }
}
