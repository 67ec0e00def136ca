/// A ROUTER socket that takes commands, one after the other. Made, used and closed on one queue.
public final class ControlServer {
    /// Where the socket is really bound, in the order of the endpoints.
    public let boundEndpoints: [String]
    private let socket: PacedRequestSocket

    /// Commands of one peer in a second; further ones wait.
    private static let commandsPerSecond = 20
    private let execute: (ControlCommand) -> ControlAnswer

    /// - Parameter execute: does what is asked; may take its time.
    public init(context: MessagingContext, endpoints: [Endpoint], execute: @escaping (ControlCommand) -> ControlAnswer) throws(StreamingError) {
        let requests = try RequestSocket(context: context, endpoints: endpoints, maxRequestBytes: ControlCommand.maxBytes, waitingAnswers: 4)
        boundEndpoints = requests.boundEndpoints
        socket = PacedRequestSocket(requests, perSecond: Self.commandsPerSecond)
        self.execute = execute
    }

    /// Waits for a command and answers it.
    ///
    /// - Returns: false: none came within `timeoutMs`.
    /// - Throws: `.isShutDown` once the context was shut down.
    public func serve(timeoutMs: Int) throws(StreamingError) -> Bool {
        switch try socket.next(timeoutMs: timeoutMs) {
        case nil: return false
        case .answer(let request)?: try socket.socket.answer(request, [answer(to: request.body).json])
        case .refuse(let request)?: try socket.socket.answer(request, [ControlAnswer(ok: false, detail: "too many commands wait; ask again in a second").json])
        }
        return true
    }

    private func answer(to body: [UInt8]?) -> ControlAnswer {
        guard let body else { return ControlAnswer(ok: false, detail: "a request is one part, a JSON object such as {\"command\": \"state\"}") }
        do { return execute(try ControlCommand(json: body)) } catch { return ControlAnswer(ok: false, detail: error.text) }
    }
}
