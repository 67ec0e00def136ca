import Streaming

/// Frames from a SUB socket.
struct SocketSource: FrameSource {
    private let subscriber: FrameSubscriber
    /// Told of a server that refuses our key.
    private let report: @Sendable (_ address: String) -> Void

    init(
        context: MessagingContext, endpoints: [Endpoint], topics: [String], limits: Configuration.Limits,
        report: @escaping @Sendable (_ address: String) -> Void = { _ in }
    ) throws {
        subscriber = try FrameSubscriber(
            context: context, endpoints: endpoints, topics: topics.isEmpty ? [""] : topics, limits: limits.stream,
            images: limits.image)
        self.report = report
    }

    func receive(timeoutMs: Int) throws -> Reception {
        for address in subscriber.takeRefusals() { report(address) }
        return try next(timeoutMs: timeoutMs)
    }

    private func next(timeoutMs: Int) throws -> Reception {
        do {
            guard let incoming = try subscriber.receive(timeoutMs: timeoutMs) else { return .nothing }
            return .message(incoming)
        } catch where error.isShutDown {
            return .ended
        }
    }
}

extension FrameDecoder: FrameDecoding {}
