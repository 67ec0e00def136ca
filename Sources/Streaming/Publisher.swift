import CZeroMQ
import Foundation
import Imaging

/// A PUB socket for verdicts, masks and overlays (and, in `replay`, for frames). Made, used and closed on one queue.
///
/// Unless it is told to, sending never waits: a subscriber that is `highWaterMark` messages behind loses messages. The socket is an XPUB, which
/// any SUB takes for a PUB, so that it learns of its subscribers.
public final class Publisher {
    /// The largest subscription that a subscriber may send. Nothing else comes this way but CURVE's handshake, of some 500 bytes.
    private static let maxSubscriptionBytes = 1024
    /// What all subscriptions may have together, topics and 64 bytes for each. libzmq keeps them in a tree that takes some 50 bytes for each
    /// byte, and without a limit.
    static let maxSubscribedBytes = 1 << 20
    /// How long a port that was given up is waited for.
    private static let reopeningMs = 200
    /// How long the end of a patient publisher waits for subscribers to take what was sent.
    private static let lingerMs: Int32 = 60_000

    /// Where the socket is really bound, in the order of the endpoints that bind: `tcp://127.0.0.1:*` has a port here.
    public let boundEndpoints: [String]

    private var flooder: String?

    private let context: MessagingContext
    /// Where the socket is opened again: free ports are those that it got.
    private let endpoints: [Endpoint]
    private let highWaterMark: Int32
    private let maxSubscribedBytes: Int
    private var socket: Socket
    /// Whether the socket is attached everywhere.
    private var isOpen = true
    /// Whether to go on waiting for a subscriber that is behind; nil: it loses messages instead.
    private let isPatient: (() -> Bool)?
    private let slot = MessageSlots(count: 1)
    private var subscriptions = 0
    private var subscribedBytes = 0
    private var topic: [UInt8] = []
    private var header: [UInt8] = []

    /// - Parameter isPatient: asked now and then while a subscriber is `highWaterMark` messages behind, if it is there; false ends the wait
    ///   with the error `.wouldBlock`.
    public convenience init(
        context: MessagingContext, endpoints: [Endpoint], highWaterMark: Int32 = 1000, isPatient: (() -> Bool)? = nil
    ) throws(StreamingError) {
        try self.init(context, endpoints, highWaterMark: highWaterMark, isPatient: isPatient, maxSubscribedBytes: Self.maxSubscribedBytes)
    }

    init(
        _ context: MessagingContext, _ endpoints: [Endpoint], highWaterMark: Int32, isPatient: (() -> Bool)?, maxSubscribedBytes: Int
    ) throws(StreamingError) {
        self.context = context
        self.highWaterMark = highWaterMark
        self.isPatient = isPatient
        self.maxSubscribedBytes = maxSubscribedBytes
        socket = try Self.socket(context, highWaterMark, isPatient: isPatient != nil)
        let bound = try socket.attach(endpoints)
        boundEndpoints = bound
        var next = bound.makeIterator()
        self.endpoints = endpoints.map { endpoint in
            guard endpoint.role == .bind, let address = next.next() else { return endpoint }
            return Endpoint(.bind, address, endpoint.security)
        }
    }

    /// Not attached yet.
    private static func socket(_ context: MessagingContext, _ highWaterMark: Int32, isPatient: Bool) throws(StreamingError) -> Socket {
        let socket = try Socket(context, .publisher)
        try socket.configure(maxMessageBytes: maxSubscriptionBytes, highWaterMark: highWaterMark)
        // Each subscription and each end of one is told, not only the first and the last of a topic.
        try socket.set(ZMQ_XPUB_VERBOSER, 1)
        if isPatient {
            try socket.set(ZMQ_XPUB_NODROP, 1)
            try socket.set(ZMQ_LINGER, lingerMs)
        }
        return socket
    }

    /// What was not sent yet may be lost: the end does not wait for it.
    public func hurry() { try? socket.set(ZMQ_LINGER, 0) }

    /// Sends a message; its parts are copied.
    public func send(_ parts: [[UInt8]]) throws(StreamingError) {
        try countSubscriptions()
        for (index, part) in parts.enumerated() {
            try send(part, more: index + 1 < parts.count)
        }
    }

    /// camera-stream's three parts: topic, JSON header, payload. The payload is copied once.
    ///
    /// - Parameter header: see `FrameMessage.appendHeader`; its own codec and size are not used.
    public func send(
        frame header: FrameHeader, stream: String, pixelFormat: String, codecName: String, size: PixelSize,
        payload: UnsafeRawBufferPointer
    ) throws(StreamingError) {
        try countSubscriptions()
        self.header.removeAll(keepingCapacity: true)
        FrameMessage.appendHeader(
            of: header, stream: stream, pixelFormat: pixelFormat, codecName: codecName, size: size,
            payloadBytes: payload.count, to: &self.header)
        topic.removeAll(keepingCapacity: true)
        topic.append(contentsOf: FrameMessage.topic(camera: header.camera, stream: stream).utf8)
        try send(topic, more: true)
        try send(self.header, more: true)
        try send(payload, more: false)
    }

    /// Two parts, the forms of imagezmq and of a bare JPEG. The payload is copied once.
    public func send(_ first: [UInt8], payload: UnsafeRawBufferPointer) throws(StreamingError) {
        try countSubscriptions()
        try send(first, more: true)
        try send(payload, more: false)
    }

    private func send(_ part: [UInt8], more: Bool) throws(StreamingError) {
        try part.withUnsafeBufferPointer { (bytes) throws(StreamingError) in
            try send(UnsafeRawBufferPointer(bytes), more: more)
        }
    }

    private func send(_ part: UnsafeRawBufferPointer, more: Bool) throws(StreamingError) {
        while true {
            do throws(StreamingError) { return try socket.send(part, more: more) } catch {
                guard error.code == .wouldBlock, let isPatient, isPatient() else { throw error }
                // The socket's readiness tells nothing here: an XPUB is always ready.
                usleep(500)
                // A message that was begun is finished on the socket that it was begun on.
                try countSubscriptions(mayReopen: false)
            }
        }
    }

    /// How many subscriptions connected peers hold now, for `replay --wait`: what is sent from here on reaches them. A peer
    /// that subscribes to several topics counts for each. 0 once the context was shut down.
    public var subscriberCount: Int {
        try? countSubscriptions()
        return subscriptions
    }

    /// Waits until `count` subscriptions are held; false when `timeoutMs` passed before (a negative one waits for ever). A
    /// subscriber that binds tells its topics when it next receives, so one must not wait for it on its own queue.
    public func waitForSubscribers(_ count: Int = 1, timeoutMs: Int) throws(StreamingError) -> Bool {
        let deadline = ContinuousClock.now + .milliseconds(max(0, timeoutMs))
        while true {
            try countSubscriptions()
            if subscriptions >= count { return true }
            let remaining = timeoutMs < 0 ? -1 : max(0, Int((deadline - ContinuousClock.now) / .milliseconds(1)))
            guard try socket.waitForMessage(timeoutMs: remaining) else { return false }
        }
    }

    /// Reads what subscribers sent: one byte, 1 to begin and 0 to end, then the topic.
    private func countSubscriptions(mayReopen: Bool = true) throws(StreamingError) {
        do throws(StreamingError) {
            if mayReopen, !isOpen || subscribedBytes > maxSubscribedBytes { try reopen() }
            while try socket.receive(into: slot[0]) {
                let bytes = slot.bytes(0)
                switch bytes.first {
                case 1:
                    subscriptions += 1
                    subscribedBytes += bytes.count + 64
                case 0:
                    subscriptions = max(0, subscriptions - 1)
                    subscribedBytes = max(0, subscribedBytes - bytes.count - 64)
                default: break
                }
                if subscribedBytes > maxSubscribedBytes {
                    flooder = slot.sender(0)
                    guard mayReopen else { return }
                    try reopen()
                }
            }
        } catch {
            subscriptions = 0
            throw error
        }
    }

    /// Puts every subscriber off, and with them what libzmq keeps for them: it cannot put one off. They come again by themselves, and
    /// subscribe to what they still want.
    ///
    /// - Throws: when a port could not be had back at once; it is tried again before the next message.
    private func reopen() throws(StreamingError) {
        isOpen = false
        subscriptions = 0
        subscribedBytes = 0
        let deadline = ContinuousClock.now + .milliseconds(Self.reopeningMs)
        while true {
            // Assigning closes the one before.
            socket = try Self.socket(context, highWaterMark, isPatient: isPatient != nil)
            do throws(StreamingError) {
                _ = try socket.attach(endpoints)
                isOpen = true
                return
            } catch {
                guard error.code == .addressInUse, ContinuousClock.now < deadline else { throw error }
                usleep(2000)
            }
        }
    }

    /// Who was the last to subscribe when subscriptions became too many and every subscriber was put off; nil: that was not so since this
    /// was last asked.
    public func takeFlooder() -> String? {
        defer { flooder = nil }
        return flooder
    }
}
