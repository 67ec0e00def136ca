import Foundation

/// What a daemon says to a command: one JSON object.
public struct ControlAnswer: Sendable, Codable, Equatable {
    /// Whether it was done.
    public var ok: Bool
    /// For people: what was done, or why it was not.
    public var detail: String
    /// The station's state after it.
    public var state: String?

    public init(ok: Bool, detail: String, state: String? = nil) {
        self.ok = ok
        self.detail = detail
        self.state = state
    }

    public var json: [UInt8] {
        var json = Array("{\"ok\":\(ok),\"detail\":".utf8)
        json.append(jsonString: detail)
        if let state {
            json += Array(",\"state\":".utf8)
            json.append(jsonString: state)
        }
        return json + [UInt8(ascii: "}")]
    }
}
