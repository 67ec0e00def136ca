import CZeroMQ
import Foundation

/// Asks a daemon for the events that a subscriber missed. Made, used and closed on one queue.
public final class CatchUpClient {
    private let context: MessagingContext
    private let endpoint: Endpoint
    private var connection: Connection?
    private let slot = MessageSlots(count: 1)

    private final class Connection {
        let socket: Socket

        init(_ context: MessagingContext, _ endpoint: Endpoint) throws(StreamingError) {
            socket = try Socket(context, .dealer)
            try socket.configure(maxMessageBytes: 64 << 20, highWaterMark: 8)
            _ = try socket.attach([endpoint])
        }
    }

    public init(context: MessagingContext, endpoint: Endpoint) {
        self.context = context
        self.endpoint = endpoint
    }

    /// Asks once.
    ///
    /// - Returns: nil: no answer came within `timeoutMs`; the next question begins with a new connection, so a late answer is nobody's.
    /// - Throws: `StreamingError`; also for an answer that is none of flawd's.
    public func ask(_ request: CatchUpRequest, timeoutMs: Int) throws(StreamingError) -> CatchUpAnswer? {
        let connection: Connection
        if let known = self.connection { connection = known } else { connection = try Connection(context, endpoint) }
        // Kept only when the answer came.
        self.connection = nil
        try request.json.withUnsafeBufferPointer { (bytes) throws(StreamingError) in
            try connection.socket.send(UnsafeRawBufferPointer(bytes), more: false)
        }
        guard let answer = try receive(on: connection, timeoutMs: timeoutMs) else { return nil }
        self.connection = connection
        return answer
    }

    private func receive(on connection: Connection, timeoutMs: Int) throws(StreamingError) -> CatchUpAnswer? {
        guard try connection.socket.waitForMessage(timeoutMs: timeoutMs), try connection.socket.receive(into: slot[0]) else { return nil }
        defer { slot.clear() }
        var parts = [[UInt8](slot.bytes(0))]
        while slot.hasMore(0) {
            guard try connection.socket.receive(into: slot[0]) else { throw StreamingError("an answer ended after \(parts.count) parts although libzmq announced another") }
            guard parts.count <= CatchUpRequest.maxEvents else { throw StreamingError("\(endpoint.address) answers with more than \(CatchUpRequest.maxEvents) events: is it flawd's publish.catch_up?") }
            parts.append([UInt8](slot.bytes(0)))
        }
        do { return try CatchUpAnswer(parts: parts) } catch {
            throw StreamingError("\(endpoint.address) does not answer as flawd's publish.catch_up does: \(error.text)")
        }
    }
}
