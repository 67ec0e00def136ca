/// The largest things that are accepted from a socket.
public struct StreamLimits: Sendable {
    /// Of one part. libzmq closes the connection of a peer that announces more.
    public var maxMessageBytes = 64 << 20
    /// Of a camera-stream or imagezmq JSON header.
    public var maxHeaderBytes = 4096
    /// Whole messages that libzmq keeps for each peer before it drops.
    public var receiveHighWaterMark: Int32 = 16
    /// Messages a second, of all peers together; nil: as many as come.
    public var messagesPerSecond: Int?
    public init() {}
}
