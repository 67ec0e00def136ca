import Foundation

/// Tells a daemon what to do. Made, used and closed on one queue.
public final class ControlClient {
    private let socket: Socket
    private let endpoint: Endpoint
    private let slot = MessageSlots(count: 1)

    public init(context: MessagingContext, endpoint: Endpoint) throws(StreamingError) {
        self.endpoint = endpoint
        socket = try Socket(context, .dealer)
        try socket.configure(maxMessageBytes: 1 << 20, highWaterMark: 8)
        _ = try socket.attach([endpoint])
    }

    /// - Returns: nil: no answer came within `timeoutMs`.
    /// - Throws: `StreamingError`; also for an answer that is none of flawd's.
    public func tell(_ command: ControlCommand, timeoutMs: Int) throws(StreamingError) -> ControlAnswer? {
        try command.json.withUnsafeBufferPointer { (bytes) throws(StreamingError) in try socket.send(UnsafeRawBufferPointer(bytes), more: false) }
        guard try socket.waitForMessage(timeoutMs: timeoutMs), try socket.receive(into: slot[0]) else { return nil }
        defer { slot.clear() }
        guard !slot.hasMore(0), let answer = try? JSONDecoder().decode(ControlAnswer.self, from: Data(slot.bytes(0))) else {
            throw StreamingError("\(endpoint.address) does not answer as flawd's control does")
        }
        return answer
    }
}
