import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request does not end, whose body is too long, or whose client does not take its answer in time. Between the two flawd
/// thinks, for as long as it takes. Hummingbird's own limit is for connections that are idle.
///
/// Belongs to its channel's event loop, as every handler does.
final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limit: TimeAmount
    private let maxBodyBytes: Int
    /// A request has begun and not ended.
    private var isReading = false
    private var bodyBytes = 0
    /// Answers that were begun and have not been sent wholly.
    private var sending = 0
    private var timer: Scheduled<Void>?

    init(limit: TimeAmount, maxBodyBytes: Int) {
        self.limit = limit
        self.maxBodyBytes = maxBodyBytes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isReading = true
            bodyBytes = 0
            arm(context)
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
            guard bodyBytes <= maxBodyBytes else {
                context.close(promise: nil)
                return
            }
        case .end:
            isReading = false
            disarmIfDone()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .head = unwrapOutboundIn(data) {
            sending += 1
            arm(context)
        }
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in
            self.sending -= 1
            self.disarmIfDone()
        }
        context.write(data, promise: sent)
    }

    func channelInactive(context: ChannelHandlerContext) {
        disarm()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { disarm() }

    private func arm(_ context: ChannelHandlerContext) {
        guard timer == nil else { return }
        timer = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: limit) { context.close(promise: nil) }
    }

    private func disarmIfDone() { if !isReading, sending == 0 { disarm() } }

    private func disarm() {
        timer?.cancel()
        timer = nil
    }
}

@available(*, unavailable)
extension RequestDeadline: Sendable {}
