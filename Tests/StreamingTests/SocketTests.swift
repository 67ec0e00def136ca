import CZeroMQ
import Dispatch
import Imaging
import Testing
@testable import Streaming

@Suite struct SocketTests {
    @Test func blockedReceive_EndsWithIsShutDown_WhenTheContextIsShutDown() async throws {
        let context = try MessagingContext()
        let queue = DispatchQueue(label: "flawd.test.receiver")
        async let ended: Bool = withCheckedContinuation { continuation in
            queue.async {
                do throws(StreamingError) {
                    let subscriber = try FrameSubscriber(
                        context: context, endpoints: [Endpoint(.bind, Transport.tcp.address)])
                    // Whether the shutdown comes before the wait or in it, the call ends the same way.
                    _ = try subscriber.receive(timeoutMs: -1)
                    continuation.resume(returning: false)
                } catch {
                    continuation.resume(returning: error.isShutDown)
                }
            }
        }
        context.shutdown()
        #expect(await ended)
    }

    @Test func everyCall_ThrowsIsShutDown_AfterShutdown() throws {
        let line = try Line(.tcp)
        line.context.shutdown()
        line.context.shutdown()
        #expect { try line.subscriber.receive(timeoutMs: 0) } throws: { ($0 as? StreamingError)?.isShutDown == true }
        #expect { try line.publisher.send([[1]]) } throws: { ($0 as? StreamingError)?.isShutDown == true }
        #expect(line.publisher.subscriberCount == 0)
        #expect { try Publisher(context: line.context, endpoints: [Endpoint(.bind, Transport.tcp.address)]) } throws: {
            ($0 as? StreamingError)?.isShutDown == true
        }
    }

    /// With heartbeats a receiver that is held up loses its connection, and libzmq 4.3 aborts; see `Socket.configure`.
    @Test func sockets_SendNoHeartbeats_AndKeepTCPAlive() throws {
        let context = try MessagingContext()
        for kind in [Socket.Kind.subscriber, .publisher] {
            let socket = try Socket(context, kind)
            try socket.configure(maxMessageBytes: 1000, highWaterMark: 1)
            #expect(try socket.value(of: ZMQ_HEARTBEAT_IVL) == 0)
            #expect(try socket.value(of: ZMQ_TCP_KEEPALIVE) == 1)
        }
    }

    @Test func context_LivesAsLongAsItsSockets() throws {
        weak var context: MessagingContext?
        do {
            let line = try Line(.tcp)
            context = line.context
            #expect(context != nil)
        }
        #expect(context == nil)
    }

    @Test func payload_OutlivesSocketAndContext() throws {
        var payloads: [Payload] = []
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        do {
            let line = try Line(.tcp)
            for part in [bytes, Array(bytes.prefix(1000)), Array(bytes.prefix(10))] {
                try line.publisher.send([Wire.bytes("top"), part])
                guard case .frame(let frame) = try line.receive() else { continue }
                payloads.append(frame.payload)
            }
        }
        #expect(payloads.map { $0.withBytes { Array($0) } } == [bytes, Array(bytes.prefix(1000)), Array(bytes.prefix(10))])
    }

    @Test func receive_ReturnsNil_WhenNothingComes() throws {
        let line = try Line(.tcp)
        #expect(try line.subscriber.receive(timeoutMs: 0) == nil)
        #expect(try line.subscriber.receive(timeoutMs: 5) == nil)
    }

    @Test func bindError_NamesTheAddressAndTheRemedy() throws {
        let context = try MessagingContext()
        let first = try Publisher(context: context, endpoints: [Endpoint(.bind, "tcp://127.0.0.1:*")])
        let taken = first.boundEndpoints[0]
        #expect(taken.hasPrefix("tcp://127.0.0.1:") && !taken.hasSuffix("*"))
        #expect { try Publisher(context: context, endpoints: [Endpoint(.bind, taken)]) } throws: {
            ($0 as? StreamingError)?.code == .addressInUse && "\($0)".contains(taken) && "\($0)".contains("is bound there")
        }
        for bad in ["tcp://no-such-interface0:5555", "ipc://" + String(repeating: "x", count: 200)] {
            #expect { try FrameSubscriber(context: context, endpoints: [Endpoint(.bind, bad)]) } throws: {
                "\($0)".contains(bad) && ($0 as? StreamingError)?.code != nil
            }
        }
        #expect(throws: StreamingError.self) { try FrameSubscriber(context: context, endpoints: []) }
    }

    @Test(arguments: [
        "", "tcp://", "ipc://", "tcp://127.0.0.1", "tcp://:5555", "localhost:5555", "http://127.0.0.1:1", "tcp://127.0.0.1:",
        "tcp://127.0.0.1:99999", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:5555/x", "udp://127.0.0.1:5555",
    ])
    func endpoint_IsRefused_WhenItIsNoAddress(address: String) throws {
        let context = try MessagingContext()
        for role in [Endpoint.Role.bind, .connect] {
            let endpoint = Endpoint(role, address)
            #expect { try endpoint.validate() } throws: { "\($0)".contains("'\(address)'") }
            #expect(throws: StreamingError.self) { try FrameSubscriber(context: context, endpoints: [endpoint]) }
        }
    }

    @Test func endpoint_IsAccepted_WhenItIsAnAddress() throws {
        for address in ["tcp://127.0.0.1:1", "tcp://camera-7.line:65535", "tcp://[::1]:5555", "ipc:///run/flawd/frames"] {
            try Endpoint(.bind, address).validate()
            try Endpoint(.connect, address).validate()
        }
        for address in ["tcp://*:5555", "tcp://eth0:*", "tcp://127.0.0.1:0"] { try Endpoint(.bind, address).validate() }
        #expect(throws: StreamingError.self) { try Endpoint(.connect, "tcp://127.0.0.1:*").validate() }
    }
}
