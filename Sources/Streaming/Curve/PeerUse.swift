/// What a connection is for; each is a ZAP domain of its own, so that a key can be allowed for one alone.
public enum PeerUse: String, Sendable, CaseIterable, Codable {
    /// The peer publishes to us: a camera's frames.
    case publish
    /// The peer subscribes to what we publish, and asks for what it missed.
    case subscribe
}
