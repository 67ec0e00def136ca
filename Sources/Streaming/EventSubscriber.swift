import CZeroMQ

/// A SUB socket for any topics: what `watch` listens with. Made, used and closed on one queue.
public final class EventSubscriber {
    /// Parts beyond this many are thrown away; flawd's own messages have at most three.
    public static let maxParts = 8

    /// Where the socket is really bound, in the order of the endpoints that bind.
    public let boundEndpoints: [String]

    private let socket: Socket
    private let slot = MessageSlots(count: 1)

    /// - Parameter topics: prefixes of the messages' first parts; an empty one takes everything.
    public init(
        context: MessagingContext, endpoints: [Endpoint], topics: [String], limits: StreamLimits = .init()
    ) throws(StreamingError) {
        socket = try Socket(context, .subscriber)
        // Verdicts are small and many: as many are kept as a publisher keeps.
        try socket.configure(maxMessageBytes: limits.maxMessageBytes, highWaterMark: 1000)
        boundEndpoints = try socket.attach(endpoints, topics: topics)
    }

    /// The parts of the next message; nil when none came within `timeoutMs` (a negative one waits for ever). Throws
    /// `.isShutDown` once the context was shut down.
    public func receive(timeoutMs: Int) throws(StreamingError) -> [[UInt8]]? {
        guard try socket.waitForMessage(timeoutMs: timeoutMs), try socket.receive(into: slot[0]) else { return nil }
        defer { slot.clear() }
        var parts = [[UInt8](slot.bytes(0))]
        while slot.hasMore(0) {
            guard try socket.receive(into: slot[0]) else {
                throw StreamingError("a message ended after \(parts.count) parts although libzmq announced another")
            }
            if parts.count < Self.maxParts { parts.append([UInt8](slot.bytes(0))) }
        }
        return parts
    }
}
