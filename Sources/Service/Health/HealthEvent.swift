/// The JSON of `status/health`, every second: what `/status` answers.
public struct HealthEvent: Sendable, Equatable {
    public static let topic = "status/health"

    public var json: [UInt8]

    public init(json: [UInt8]) { self.json = json }
}
