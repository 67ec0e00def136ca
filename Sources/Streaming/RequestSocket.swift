/// A ROUTER socket for requests of one part: from REQ and DEALER sockets, with or without the empty part that REQ puts first. Made, used and
/// closed on one queue.
///
/// An answer is dropped when its asker does not take it: a socket holds a few for each at most.
final class RequestSocket {
    struct Request {
        /// What leads the answer back.
        var envelope: ArraySlice<[UInt8]> = []
        /// nil: it was not one part.
        var body: [UInt8]?
        /// Whose it is; see `MessageSlots.sender`.
        var asker = ""
    }

    /// Where the socket is really bound, in the order of the endpoints that bind.
    let boundEndpoints: [String]
    private let socket: Socket
    private let slot = MessageSlots(count: 1)

    /// An envelope of a REQ behind a device or two, and the request.
    private static let maxParts = 8

    init(context: MessagingContext, endpoints: [Endpoint], maxRequestBytes: Int, waitingAnswers: Int32) throws(StreamingError) {
        socket = try Socket(context, .router)
        try socket.configure(maxMessageBytes: maxRequestBytes, highWaterMark: waitingAnswers)
        boundEndpoints = try socket.attach(endpoints)
    }

    /// - Returns: nil: none came within `timeoutMs`.
    /// - Throws: `.isShutDown` once the context was shut down.
    func receive(timeoutMs: Int) throws(StreamingError) -> Request? {
        guard try socket.waitForMessage(timeoutMs: timeoutMs), try socket.receive(into: slot[0]) else { return nil }
        defer { slot.clear() }
        var parts = [[UInt8](slot.bytes(0))], count = 1, asker = ""
        while slot.hasMore(0) {
            guard try socket.receive(into: slot[0]) else { throw StreamingError("a message ended after \(count) parts although libzmq announced another") }
            // The first part, the connection's identity, is the socket's own and tells nothing of its peer.
            if count == 1 { asker = slot.sender(0) }
            count += 1
            // Of a message with more, the first few are enough to answer it.
            if parts.count < Self.maxParts { parts.append([UInt8](slot.bytes(0))) }
        }
        // The envelope ends with an empty part, where there is one; else it is the sender's identity alone.
        let end = parts.dropFirst().lastIndex { $0.isEmpty } ?? 0, envelope = parts.prefix(through: end)
        return Request(envelope: envelope, body: count == envelope.count + 1 ? parts[envelope.count] : nil, asker: asker)
    }

    func answer(_ request: Request, _ parts: [[UInt8]]) throws(StreamingError) {
        do { try socket.send(request.envelope + parts) } catch {
            guard error.code == .wouldBlock || error.code == .unreachable else { throw error }
        }
    }
}
