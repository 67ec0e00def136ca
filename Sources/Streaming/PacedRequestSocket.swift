/// A ROUTER socket whose requests come at the pace that each asker may have; what one asks beyond it waits its turn.
final class PacedRequestSocket {
    enum Turn {
        case answer(RequestSocket.Request)
        /// Too many wait already.
        case refuse(RequestSocket.Request)
    }

    let socket: RequestSocket
    private var pace: RequestPace
    /// Who asked last, for tests.
    private(set) var lastAsker: String?

    init(_ socket: RequestSocket, perSecond: Int) {
        self.socket = socket
        pace = RequestPace(perSecond: perSecond)
    }

    /// Waits for a request whose turn has come.
    ///
    /// - Returns: nil: none within `timeoutMs`, or one that waits.
    /// - Throws: `.isShutDown` once the context was shut down.
    func next(timeoutMs: Int) throws(StreamingError) -> Turn? {
        if let waiting = pace.next(now: .now) { return .answer(waiting) }
        let patience = pace.delay(now: .now).map { min(timeoutMs < 0 ? .max : timeoutMs, Int(($0 / .milliseconds(1)).rounded(.up))) } ?? timeoutMs
        guard let request = try socket.receive(timeoutMs: patience) else { return nil }
        lastAsker = request.asker
        switch pace.admit(request, now: .now) {
        case .answerNow: return .answer(request)
        case .waits: return nil
        case .refused: return .refuse(request)
        }
    }
}
