import CZeroMQ

/// A ROUTER socket that answers requests from the journal: REQ and DEALER sockets, with or without the empty part that REQ puts first.
/// Made, used and closed on one queue.
///
/// An answer is dropped when its asker does not take it: a socket holds at most a few pages for each. An asker that asks more often than
/// `requestsPerSecond` is answered later; see `RequestPace`.
public final class CatchUpServer {
    /// Where the socket is really bound, in the order of the endpoints that bind.
    public let boundEndpoints: [String]
    public private(set) var answers = 0
    /// Whose request came last; see `MessageSlots.sender`.
    private(set) var lastAsker = ""

    private let socket: Socket
    private let path: String
    private var journal: JournalReader?
    private var pace: RequestPace
    private let slot = MessageSlots(count: 1)

    /// More pages a second than a journal grows by.
    public static let standardRate = 100
    /// Pages that wait for one asker.
    private static let waitingAnswers: Int32 = 4
    /// An envelope of a REQ behind a device or two, and the request.
    private static let maxParts = 8

    /// - Parameters:
    ///   - journal: path; the file is opened when it is first asked for.
    ///   - requestsPerSecond: of one asker.
    public init(
        context: MessagingContext, endpoints: [Endpoint], journal path: String, requestsPerSecond: Int = CatchUpServer.standardRate
    ) throws(StreamingError) {
        self.path = path
        pace = RequestPace(perSecond: requestsPerSecond)
        socket = try Socket(context, .router)
        try socket.configure(maxMessageBytes: CatchUpRequest.maxBytes, highWaterMark: Self.waitingAnswers)
        boundEndpoints = try socket.attach(endpoints)
    }

    /// Waits for a request and answers it.
    ///
    /// - Returns: false: none came within `timeoutMs`.
    /// - Throws: `.isShutDown` once the context was shut down.
    public func serve(timeoutMs: Int) throws(StreamingError) -> Bool {
        if let waiting = pace.next(now: .now) { return try reply(to: waiting) }
        let patience = pace.delay(now: .now).map { min(timeoutMs < 0 ? .max : timeoutMs, Int(($0 / .milliseconds(1)).rounded(.up))) } ?? timeoutMs
        guard try socket.waitForMessage(timeoutMs: patience), let (message, asker) = try receive() else { return false }
        lastAsker = asker
        switch pace.admit(message, of: asker, now: .now) {
        case .answerNow: return try reply(to: message)
        case .waits: return false
        case .refused: return try reply(to: message, with: .error("too many requests wait; ask again in a second"))
        }
    }

    /// - Parameter answer: nil: what the journal says.
    private func reply(to message: RequestPace.Request, with answer: CatchUpAnswer? = nil) throws(StreamingError) -> Bool {
        // The envelope ends with an empty part, where there is one; else it is the sender's identity alone.
        let body = message.parts.dropFirst(), isEnveloped = body.contains { $0.isEmpty }
        let envelope = isEnveloped ? message.parts.prefix(through: message.parts.lastIndex { $0.isEmpty } ?? 0) : message.parts.prefix(1)
        let reply: CatchUpAnswer
        if let answer {
            reply = answer
        } else if message.isTooLong || message.parts.count != envelope.count + 1 {
            reply = .error("a request is one part, a JSON object such as {\"since\": 0}")
        } else {
            reply = self.answer(to: message.parts[envelope.count])
        }
        do { try send(envelope + reply.parts) } catch {
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

    /// A message's parts, of which only the first few are kept, and who sent it.
    private func receive() throws(StreamingError) -> (RequestPace.Request, asker: String)? {
        guard try socket.receive(into: slot[0]) else { return nil }
        defer { slot.clear() }
        var asker = ""
        var parts = [[UInt8](slot.bytes(0))], count = 1
        while slot.hasMore(0) {
            guard try socket.receive(into: slot[0]) else { throw StreamingError("a message ended after \(count) parts although libzmq announced another") }
            // The first part, the connection's identity, is the socket's own and tells nothing of its peer.
            if count == 1 { asker = slot.sender(0) }
            count += 1
            if parts.count < Self.maxParts { parts.append([UInt8](slot.bytes(0))) }
        }
        return (RequestPace.Request(parts: parts, isTooLong: count > Self.maxParts), asker)
    }

    private func send(_ parts: ArraySlice<[UInt8]>) throws(StreamingError) {
        for (index, part) in parts.enumerated() {
            try part.withUnsafeBufferPointer { (bytes) throws(StreamingError) in
                try socket.send(UnsafeRawBufferPointer(bytes), more: index + 1 < parts.count)
            }
        }
    }
}
