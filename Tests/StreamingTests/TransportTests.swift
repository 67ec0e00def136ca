import Imaging
import Testing
@testable import Streaming

/// What may come through a socket, through real sockets: whatever it was, the next good frame arrives.
@Suite struct TransportTests {
    @Test(arguments: Transport.allCases, [false, true])
    func frame_Arrives_WhicheverEndBinds(transport: Transport, subscriberBinds: Bool) throws {
        let line = try Line(transport, subscriberBinds: subscriberBinds)
        for sequence in 1...20 { try line.expectGoodFrame(sequence: sequence) }
    }

    @Test(arguments: Transport.allCases)
    func nextGoodFrame_Arrives_AfterEachBadMessage(transport: Transport) throws {
        let good = Wire.frame()
        let longHeader = good[1] + [UInt8](repeating: UInt8(ascii: " "), count: 4097)
        let bad: [[[UInt8]]] = [
            [[]], [[], []], [[], [], []], [good[0]], [good[1]], [good[2]], [good[0], good[1]], [good[1], good[2]],
            good + [[]], good + good, [good[0], good[2], good[1]], [good[1], good[0], good[2]], [good[2], good[1], good[0]],
            [good[0], longHeader, good[2]], [good[0], Wire.header("schema_version", "2"), good[2]],
            [good[0], Wire.bytes("{\"x\":" + String(repeating: "[", count: 10_000)), good[2]],
            [good[0], good[1], Array(good[2].dropLast())], [good[0], good[1], good[2] + [0]], [good[0], [0xFF], good[2]],
            [[UInt8]](repeating: [0xFF], count: 1000), [Wire.bytes("status/snapshot"), Wire.bytes("{}")],
        ]
        let line = try Line(transport)
        let codec = FrameCodec()
        for (index, message) in bad.enumerated() {
            try line.publisher.send(message)
            let reading = try line.receive().reading
            #expect(reading == codec.read(message))
            #expect(reading.header == nil)
            try line.expectGoodFrame(sequence: index)
        }
        #expect(line.subscriber.drainedParts == 1 + 3 + 997)
    }

    @Test func severalEndpoints_AreOneSubscriber() throws {
        let context = try MessagingContext()
        let publishers = try Transport.allCases.map {
            try Publisher(context: context, endpoints: [Endpoint(.bind, $0.address)])
        }
        let subscriber = try FrameSubscriber(
            context: context,
            endpoints: publishers.map { Endpoint(.connect, $0.boundEndpoints[0]) } + [Endpoint(.bind, "tcp://127.0.0.1:*")])
        let fourth = try Publisher(context: context, endpoints: [Endpoint(.connect, subscriber.boundEndpoints[0])])
        for (index, publisher) in (publishers + [fourth]).enumerated() {
            try publisher.waitForSubscribers(1, of: subscriber)
            try publisher.send([Wire.bytes("camera \(index)"), Wire.jpegPayload])
            let incoming = try #require(try subscriber.receive(timeoutMs: 10_000))
            #expect(incoming.reading.header?.camera == "camera \(index)")
        }
    }

    @Test func topics_SelectByPrefix() throws {
        let line = try Line(.tcp, topics: ["line1/", "line3/"])
        for camera in ["line1/a", "line2/a", "line3/a"] { try line.publisher.send([Wire.bytes(camera), Wire.jpegPayload]) }
        #expect(try line.receive().reading.header?.camera == "line1/a")
        #expect(try line.receive().reading.header?.camera == "line3/a")
    }

    // MARK: Endless parts

    /// 5,000 parts of 64 KiB, 320 MB in all: what is not a frame's part is not kept.
    @Test func surplusParts_AreCountedAndNotKept() throws {
        let messages = 20, partsOfEach = 250, partBytes = 64 << 10
        let line = try Line(.tcp)
        let filler = [UInt8](repeating: 0xA5, count: partBytes)
        let message = [Wire.topic, Wire.json(Wire.members(sequence: 3))] + [[UInt8]](repeating: filler, count: partsOfEach - 2)
        try line.expectGoodFrame(sequence: 1)
        let before = residentBytes()
        for index in 1...messages {
            try line.publisher.send(message)
            #expect(try line.receive().reading == .unusable(
                camera: Wire.camera, sequence: 3, partID: nil, problem: "a message of 250 parts; a frame has 2 or 3"))
            #expect(line.subscriber.drainedParts == index * (partsOfEach - FrameCodec.maxParts))
            try line.expectGoodFrame(sequence: index)
        }
        // libzmq itself holds a message until its last part, at both ends (32 MB here); other tests run beside this one.
        if let before, let after = residentBytes() {
            #expect(after - before < 96 << 20, "\((after - before) >> 20) MiB more are resident")
        }
    }

    @Test func messageThatNeverEnds_HoldsUpNobody() throws {
        let line = try Line(.tcp, subscriberBinds: true)
        let address = line.subscriber.boundEndpoints[0]
        do {
            let peer = try RawPeer(address)
            try peer.send(part: Wire.topic, more: true)
            for _ in 0..<200 { try peer.send(part: [UInt8](repeating: 1, count: 16 << 10), more: true) }
            try line.expectGoodFrame(sequence: 1)
            peer.hangUp()
        }
        // Cut off, it is forgotten.
        try line.expectGoodFrame(sequence: 2)
        #expect(try line.subscriber.receive(timeoutMs: 0) == nil)
        #expect(line.subscriber.drainedParts == 0)

        // The same peer can send a frame, so it is not for its handshake that nothing came.
        let peer = try RawPeer(address)
        for (index, part) in Wire.frame(sequence: 9).enumerated() { try peer.send(part: part, more: index < 2) }
        #expect(try line.receive().reading.header?.sequence == 9)
        peer.hangUp()
    }

    @Test func partOverTheLimit_EndsItsConnectionOnly() throws {
        var limits = StreamLimits()
        limits.maxMessageBytes = 1 << 20
        let line = try Line(.tcp, subscriberBinds: true, limits: limits)
        for count in [limits.maxMessageBytes + 1, Int.max] {
            let peer = try RawPeer(line.subscriber.boundEndpoints[0])
            try peer.send(part: Wire.topic, more: true)
            try peer.announce(count, more: false)
            #expect(peer.isHungUpOn(), "\(count) bytes announced")
            peer.hangUp()
            try line.expectGoodFrame(sequence: 1)
        }
        // The largest legal payload still comes through.
        let largest = [UInt8](repeating: 7, count: limits.maxMessageBytes)
        try line.publisher.send([Wire.bytes("top"), largest])
        guard case .frame(let frame) = try line.receive() else {
            Issue.record("the largest payload is no frame")
            return
        }
        #expect(frame.payload.withBytes { $0.elementsEqual(largest) })
    }
}
