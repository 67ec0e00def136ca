/// One frame as it came off the wire, not decoded.
public struct IncomingFrame: Sendable {
    public var header: FrameHeader
    public var payload: Payload

    public init(header: FrameHeader, payload: Payload) {
        self.header = header
        self.payload = payload
    }
}

/// What one message turned out to be.
public enum Incoming: Sendable {
    case frame(IncomingFrame)
    /// A frame of a known camera that cannot be used: it still gets its verdict, `uninspected (decode_error)`.
    case unusable(camera: String, sequence: UInt64?, partID: String?, problem: String)
    /// `status/…` and the like: not a frame.
    case notice(topic: String)
    /// A message that names no camera; counted and logged.
    case rejected(problem: String)
}
