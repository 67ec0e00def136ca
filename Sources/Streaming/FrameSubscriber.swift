import CZeroMQ
import Foundation
import Imaging

/// A SUB socket for frames. Made, used and closed on one queue.
///
/// Of a message at most three parts are held. The rest is received into one slot again and again and counted, so a message of
/// however many parts takes no more of flawd's memory than three of them (what libzmq holds until a message is complete is
/// bounded by `StreamLimits.maxMessageBytes` a part only).
public final class FrameSubscriber {
    /// Where the socket is really bound, in the order of the endpoints that bind: `tcp://127.0.0.1:*` has a port here.
    public let boundEndpoints: [String]
    /// Parts beyond the third that were thrown away since the socket was made.
    public private(set) var drainedParts = 0

    private let socket: Socket
    private let slots = MessageSlots(count: FrameCodec.maxParts + 1)
    private let codec: FrameCodec
    private var pace: TokenBucket?
    private let refusals: RefusedConnections?
    private var refused: Set<String> = []
    private var parts: [UnsafeRawBufferPointer] = []

    /// - Parameters:
    ///   - topics: prefixes of the messages' first parts; an empty one takes everything. An imagezmq message's first part is its
    ///     JSON header, so only the empty prefix takes those.
    ///   - images: the largest pictures that are accepted.
    public init(
        context: MessagingContext, endpoints: [Endpoint], topics: [String] = [""], limits: StreamLimits = .init(),
        images: ImageLimits = .init()
    ) throws(StreamingError) {
        codec = FrameCodec(limits: limits, images: images)
        pace = limits.messagesPerSecond.map { TokenBucket(perSecond: $0, now: .now) }
        socket = try Socket(context, .subscriber)
        try socket.configure(
            maxMessageBytes: limits.maxMessageBytes, highWaterMark: limits.receiveHighWaterMark)
        refusals = try RefusedConnections(context, socket, endpoints)
        boundEndpoints = try socket.attach(endpoints, topics: topics)
        parts.reserveCapacity(FrameCodec.maxParts)
    }

    /// Waits for the next message. What comes faster than `StreamLimits.messagesPerSecond` stays in libzmq's queues, where each peer has one of
    /// its own and its turn, and then with its sender, who drops it: it is not received. nil: nothing came within `timeoutMs` (a negative one waits for ever). Throws `.isShutDown`
    /// once the context was shut down.
    public func receive(timeoutMs: Int) throws(StreamingError) -> Incoming? {
        if let delay = pace?.delay(now: .now) {
            let patience = timeoutMs < 0 ? delay : min(delay, .milliseconds(timeoutMs))
            usleep(useconds_t(clamping: Int64((patience / .microseconds(1)).rounded(.up))))
            if patience < delay { return nil }
        }
        if let refusals { refused.formUnion(try refusals.look(socket)) }
        guard try socket.waitForMessage(timeoutMs: timeoutMs), let count = try receiveParts() else { return nil }
        pace?.take(now: .now)
        defer {
            parts.removeAll(keepingCapacity: true)
            slots.clear()
        }
        for index in 0..<min(count, FrameCodec.maxParts) { parts.append(slots.bytes(index)) }
        return switch codec.read(parts, count: count) {
        case .frame(let header, let payloadPart):
            .frame(IncomingFrame(header: header, payload: Payload(moving: slots[payloadPart])))
        case .unusable(let camera, let sequence, let partID, let problem):
            .unusable(camera: camera, sequence: sequence, partID: partID, problem: problem)
        case .notice(let topic): .notice(topic: topic)
        case .rejected(let problem): .rejected(problem: problem)
        }
    }

    /// The addresses whose server refused our key since this was last asked; they are tried again every other second.
    public func takeRefusals() -> Set<String> {
        defer { refused = [] }
        return refused
    }

    /// How many parts the message had, all of them received; nil when there was none after all.
    private func receiveParts() throws(StreamingError) -> Int? {
        guard try socket.receive(into: slots[0]) else { return nil }
        var count = 1
        var last = 0
        while slots.hasMore(last) {
            last = min(count, FrameCodec.maxParts)
            guard try socket.receive(into: slots[last]) else {
                throw StreamingError("a message ended after \(count) parts although libzmq announced another")
            }
            count += 1
        }
        drainedParts += max(0, count - FrameCodec.maxParts)
        return count
    }
}
