import CZeroMQ

/// A ROUTER socket that answers requests from the journal: REQ and DEALER sockets, with or without the empty part that REQ puts first.
/// Made, used and closed on one queue.
///
/// An answer is dropped when its asker does not take it: a socket holds at most a few pages for each.
public final class CatchUpServer {
    /// Where the socket is really bound, in the order of the endpoints that bind.
    public let boundEndpoints: [String]
    public private(set) var answers = 0

    private let socket: Socket
    private let path: String
    private var journal: JournalReader?
    private let slot = MessageSlots(count: 1)

    /// Pages that wait for one asker.
    private static let waitingAnswers: Int32 = 4
    /// An envelope of a REQ behind a device or two, and the request.
    private static let maxParts = 8

    /// - Parameter journal: path; the file is opened when it is first asked for.
    public init(context: MessagingContext, endpoints: [Endpoint], journal path: String) throws(StreamingError) {
        self.path = path
        socket = try Socket(context, .router)
        try socket.configure(maxMessageBytes: CatchUpRequest.maxBytes, highWaterMark: Self.waitingAnswers)
        boundEndpoints = try socket.attach(endpoints)
    }

    /// Waits for a request and answers it.
    ///
    /// - Returns: false: none came within `timeoutMs`.
    /// - Throws: `.isShutDown` once the context was shut down.
    public func serve(timeoutMs: Int) throws(StreamingError) -> Bool {
        guard try socket.waitForMessage(timeoutMs: timeoutMs), let message = try receive() else { return false }
        // The envelope ends with an empty part, where there is one; else it is the sender's identity alone.
        let body = message.parts.dropFirst(), isEnveloped = body.contains { $0.isEmpty }
        let envelope = isEnveloped ? message.parts.prefix(through: message.parts.lastIndex { $0.isEmpty } ?? 0) : message.parts.prefix(1)
        let answer: CatchUpAnswer
        if message.isTooLong || message.parts.count != envelope.count + 1 {
            answer = .error("a request is one part, a JSON object such as {\"since\": 0}")
        } else {
            answer = self.answer(to: message.parts[envelope.count])
        }
        do { try send(envelope + answer.parts) } catch {
            guard error.code == .wouldBlock || error.code == .unreachable else { throw error }
        }
        answers += 1
        return true
    }

    private func answer(to json: [UInt8]) -> CatchUpAnswer {
        let request: CatchUpRequest
        do { request = try CatchUpRequest(json: json) } catch { return .error(error.text) }
        do {
            let journal: JournalReader
            if let known = self.journal { journal = known } else { journal = try JournalReader(path: path) }
            self.journal = journal
            return try CatchUpAnswer(to: request, from: journal)
        } catch {
            journal = nil
            return .error("the journal cannot be read: \(error)")
        }
    }

    /// A message's parts, of which only the first few are kept.
    private func receive() throws(StreamingError) -> (parts: [[UInt8]], isTooLong: Bool)? {
        guard try socket.receive(into: slot[0]) else { return nil }
        defer { slot.clear() }
        var parts = [[UInt8](slot.bytes(0))], count = 1
        while slot.hasMore(0) {
            guard try socket.receive(into: slot[0]) else { throw StreamingError("a message ended after \(count) parts although libzmq announced another") }
            count += 1
            if parts.count < Self.maxParts { parts.append([UInt8](slot.bytes(0))) }
        }
        return (parts, count > Self.maxParts)
    }

    private func send(_ parts: ArraySlice<[UInt8]>) throws(StreamingError) {
        for (index, part) in parts.enumerated() {
            try part.withUnsafeBufferPointer { (bytes) throws(StreamingError) in
                try socket.send(UnsafeRawBufferPointer(bytes), more: index + 1 < parts.count)
            }
        }
    }
}
