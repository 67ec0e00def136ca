import Streaming

/// Frames from a SUB socket.
struct SocketSource: FrameSource {
    private let subscriber: FrameSubscriber

    init(context: MessagingContext, endpoints: [Endpoint], topics: [String], limits: Configuration.Limits) throws {
        subscriber = try FrameSubscriber(
            context: context, endpoints: endpoints, topics: topics.isEmpty ? [""] : topics, limits: limits.stream,
            images: limits.image)
    }

    func receive(timeoutMs: Int) throws -> Reception {
        do {
            guard let incoming = try subscriber.receive(timeoutMs: timeoutMs) else { return .nothing }
            return .message(incoming)
        } catch where error.isShutDown {
            return .ended
        }
    }
}

extension FrameDecoder: FrameDecoding {}
