import Streaming

/// Frames from a SUB socket, whose endpoints and topics may change between two messages.
final class SocketSource: FrameSource {
    private let subscriber: FrameSubscriber
    private let board: SubscriptionBoard
    private let secured: @Sendable (Configuration.Subscription) throws -> [Endpoint]
    /// Told of a server that refuses our key.
    private let report: @Sendable (_ address: String) -> Void
    /// When the present wish was first seen.
    private var wished: (number: UInt64, at: ContinuousClock.Instant)?

    /// A peer that is let go is drained for so long at most.
    private static let drain = Duration.seconds(1)
    /// When nothing came for so long, all that was under way has come.
    private static let quietMs = 50

    /// - Parameter secured: the endpoints with the keys that they are met with; throws for what the keys in force do not allow.
    init(
        context: MessagingContext, subscription: Configuration.Subscription, limits: Configuration.Limits, board: SubscriptionBoard = SubscriptionBoard(),
        secured: @escaping @Sendable (Configuration.Subscription) throws -> [Endpoint] = { $0.endpoints },
        report: @escaping @Sendable (_ address: String) -> Void = { _ in }
    ) throws {
        subscriber = try FrameSubscriber(
            context: context, endpoints: try secured(subscription), topics: Self.topics(subscription), limits: limits.stream, images: limits.image)
        self.board = board
        self.secured = secured
        self.report = report
    }

    func receive(timeoutMs: Int) throws -> Reception {
        for address in subscriber.takeRefusals() { report(address) }
        return try next(timeoutMs: timeoutMs)
    }

    private func next(timeoutMs: Int) throws -> Reception {
        do {
            // What has come already is received before its peer is let go.
            if let wish = board.wish {
                if !isOverdue(wish), let incoming = try subscriber.receive(timeoutMs: Self.quietMs) { return .message(incoming) }
                take(wish)
            }
            guard let incoming = try subscriber.receive(timeoutMs: timeoutMs) else { return .nothing }
            return .message(incoming)
        } catch let error as StreamingError where error.isShutDown {
            return .ended
        }
    }

    private func isOverdue(_ wish: SubscriptionBoard.Wish) -> Bool {
        guard let wished, wished.number == wish.number else {
            self.wished = (wish.number, .now)
            return false
        }
        return .now - wished.at > Self.drain
    }

    private func take(_ wish: SubscriptionBoard.Wish) { board.settle(wish, problem(of: wish.subscription)) }

    /// Listens to another subscription; nil: that went well.
    private func problem(of subscription: Configuration.Subscription) -> String? {
        let endpoints: [Endpoint]
        do { endpoints = try secured(subscription) } catch { return "\(error)" }
        do { try subscriber.change(endpoints: endpoints, topics: Self.topics(subscription)) } catch { return error.description }
        return nil
    }

    private static func topics(_ subscription: Configuration.Subscription) -> [String] { subscription.topics.isEmpty ? [""] : subscription.topics }
}

extension FrameDecoder: FrameDecoding {}
