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
    public var boundEndpoints: [String] {
        endpoints.compactMap { endpoint in attached.first { $0.endpoint == endpoint && endpoint.role == .bind }?.address }
    }
    /// Parts beyond the third that were thrown away since the socket was made.
    public private(set) var drainedParts = 0

    private let socket: Socket
    /// With the addresses that they really have.
    private var attached: [(endpoint: Endpoint, address: String)] = []
    private var endpoints: [Endpoint] = []
    private var topics: [String] = []
    private let slots = MessageSlots(count: FrameCodec.maxParts + 1)
    private let codec: FrameCodec
    private var pace: TokenBucket?
    private let context: MessagingContext
    private var refusals: RefusedConnections?
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
        self.context = context
        socket = try Socket(context, .subscriber)
        try socket.configure(
            maxMessageBytes: limits.maxMessageBytes, highWaterMark: limits.receiveHighWaterMark)
        try change(endpoints: endpoints, topics: topics)
        parts.reserveCapacity(FrameCodec.maxParts)
    }

    /// Listens to these from now on. Peers that stay notice nothing; of one that is let go, what was not received is lost.
    ///
    /// - Throws: what kept a new one from being attached; then everything is as it was.
    public func change(endpoints: [Endpoint], topics: [String]) throws(StreamingError) {
        guard !endpoints.isEmpty else { throw StreamingError("a socket needs at least one endpoint") }
        for topic in topics where !self.topics.contains(topic) { try socket.subscribe(to: topic) }
        let all = attached.map(\.endpoint) + endpoints
        // Before they are attached: a refusal comes once.
        if let refusals { refusals.watch(all) } else { refusals = try RefusedConnections(context, socket, all) }
        // libzmq lets all connections to an address go at once: one whose key changed goes before its successor comes.
        for entry in attached where endpoints.contains(where: { $0 != entry.endpoint && $0.address == entry.endpoint.address }) && !endpoints.contains(entry.endpoint) {
            socket.detach(entry.endpoint, entry.address)
            attached.removeAll { $0.endpoint == entry.endpoint }
        }
        let known = attached.count
        do throws(StreamingError) {
            try attachNew(of: endpoints)
        } catch {
            for entry in attached[known...] { socket.detach(entry.endpoint, entry.address) }
            attached.removeSubrange(known...)
            refusals?.watch(attached.map(\.endpoint))
            for topic in topics where !self.topics.contains(topic) { socket.unsubscribe(from: topic) }
            throw error
        }
        for entry in attached where !endpoints.contains(entry.endpoint) { socket.detach(entry.endpoint, entry.address) }
        attached.removeAll { !endpoints.contains($0.endpoint) }
        for topic in self.topics where !topics.contains(topic) { socket.unsubscribe(from: topic) }
        self.topics = topics
        self.endpoints = endpoints
        refusals?.watch(endpoints)
    }

    private func attachNew(of endpoints: [Endpoint]) throws(StreamingError) {
        let new = endpoints.filter { endpoint in !attached.contains { $0.endpoint == endpoint } }
        // Keys cannot be taken off a socket again: see `Socket.attach`.
        if let plain = new.first(where: { $0.security == .plain }), attached.contains(where: { $0.endpoint.security != .plain }) {
            throw StreamingError("\(plain.address) is without keys, and this socket has connections with keys already: a restart takes it over")
        }
        for endpoint in Socket.attachingOrder(new, of: \.self) { attached.append((endpoint, try socket.attachSecured(endpoint))) }
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
