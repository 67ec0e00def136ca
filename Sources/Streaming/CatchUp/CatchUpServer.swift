/// A ROUTER socket that answers requests from the journal. Made, used and closed on one queue.
///
/// An asker that asks more often than
/// `requestsPerSecond` is answered later; see `RequestPace`.
public final class CatchUpServer {
    /// Where the socket is really bound, in the order of the endpoints that bind.
    public var boundEndpoints: [String] { requests.socket.boundEndpoints }
    public private(set) var answers = 0
    /// Whose request came last; see `MessageSlots.sender`.
    var lastAsker: String { requests.lastAsker ?? "" }

    private let requests: PacedRequestSocket
    private let path: String
    private var journal: JournalReader?

    /// More pages a second than a journal grows by.
    public static let standardRate = 100
    /// Pages that wait for one asker.
    private static let waitingAnswers: Int32 = 4

    /// - Parameters:
    ///   - journal: path; the file is opened when it is first asked for.
    ///   - requestsPerSecond: of one asker.
    public init(
        context: MessagingContext, endpoints: [Endpoint], journal path: String, requestsPerSecond: Int = CatchUpServer.standardRate
    ) throws(StreamingError) {
        self.path = path
        requests = PacedRequestSocket(
            try RequestSocket(context: context, endpoints: endpoints, maxRequestBytes: CatchUpRequest.maxBytes, waitingAnswers: Self.waitingAnswers),
            perSecond: requestsPerSecond)
    }

    /// Waits for a request and answers it.
    ///
    /// - Returns: false: none came within `timeoutMs`.
    /// - Throws: `.isShutDown` once the context was shut down.
    public func serve(timeoutMs: Int) throws(StreamingError) -> Bool {
        switch try requests.next(timeoutMs: timeoutMs) {
        case nil: return false
        case .answer(let request)?: return try reply(to: request)
        case .refuse(let request)?: return try reply(to: request, with: .error("too many requests wait; ask again in a second"))
        }
    }

    /// - Parameter answer: nil: what the journal says.
    private func reply(to request: RequestSocket.Request, with answer: CatchUpAnswer? = nil) throws(StreamingError) -> Bool {
        let said = answer ?? request.body.map(self.answer) ?? .error("a request is one part, a JSON object such as {\"since\": 0}")
        try requests.socket.answer(request, said.parts)
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
}
