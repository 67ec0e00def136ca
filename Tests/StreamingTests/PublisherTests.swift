import Imaging
import Testing
@testable import Streaming

@Suite struct PublisherTests {
    private let header = FrameHeader(
        format: .cameraStream, camera: "line1/top/overlay", codec: .jpeg, sequence: 41, capturedMonotonicNs: 5,
        capturedUTCNs: 1_795_387_163_479_516_200, partID: "a\"b\\\u{1d}é", trigger: 9, payloadCRC32: 77)

    /// The header that camera-stream 0.3.8's own client accepts (tried with that package), byte for byte.
    @Test func header_IsWhatThePublishedClientReads() {
        var json: [UInt8] = []
        FrameMessage.appendHeader(
            of: header, stream: "color", pixelFormat: "bgr8", codecName: "jpeg", size: PixelSize(width: 640, height: 480),
            payloadBytes: 1234, to: &json)
        #expect(String(decoding: json, as: UTF8.self) == #"{"camera":"line1/top/overlay","captured_monotonic_ns":5,"#
            + #""captured_utc_ns":1795387163479516200,"codec":"jpeg","height":480,"part_id":"a\"b\\\u001dé","#
            + #""payload_crc32":77,"payload_size":1234,"pixel_format":"bgr8","schema_version":1,"sequence":41,"#
            + #""stream":"color","timestamp_source":"host","trigger":9,"width":640}"#)
    }

    @Test func snapshot_IsWhatThePublishedViewerReads() {
        var json: [UInt8] = []
        FrameMessage.appendSnapshot(cameras: ["top", "top/overlay"], to: &json)
        #expect(String(decoding: json, as: UTF8.self) == #"{"schema_version":1,"type":"snapshot","cameras":["#
            + #"{"name":"top","topic":"top/color","state":"ONLINE"},"#
            + #"{"name":"top/overlay","topic":"top/overlay/color","state":"ONLINE"}]}"#)
        json = []
        FrameMessage.appendSnapshot(cameras: [], to: &json)
        #expect(String(decoding: json, as: UTF8.self) == #"{"schema_version":1,"type":"snapshot","cameras":[]}"#)
    }

    @Test(arguments: Transport.allCases)
    func frameAndMask_ArriveInTheirThreeParts(transport: Transport) throws {
        let context = try MessagingContext()
        let publisher = try Publisher(context: context, endpoints: [Endpoint(.bind, transport.address)])
        let subscriber = try EventSubscriber(
            context: context, endpoints: [Endpoint(.connect, publisher.boundEndpoints[0])], topics: [""])
        try #require(try publisher.waitForSubscribers(timeoutMs: 10_000))
        let size = PixelSize(width: 4, height: 2)
        let mask: [UInt8] = [0, 255, 0, 255, 0, 255, 0, 255]
        for (stream, format, codec, payload) in [
            ("mask", "mono8", "raw_mono8", mask), ("color", "bgr8", "raw_bgr8", Wire.rawPayload), ("mask", "mono8", "raw_mono8", []),
        ] {
            try payload.withUnsafeBytes {
                try publisher.send(
                    frame: header, stream: stream, pixelFormat: format, codecName: codec, size: size, payload: $0)
            }
            let parts = try #require(try subscriber.receive(timeoutMs: 10_000))
            #expect(parts.count == 3)
            #expect(parts[0] == Wire.bytes("line1/top/overlay/\(stream)"))
            #expect(parts[2] == payload)
            let text = String(decoding: parts[1], as: UTF8.self)
            #expect(text.contains("\"codec\":\"\(codec)\"") && text.contains("\"pixel_format\":\"\(format)\""))
            #expect(text.contains("\"payload_size\":\(payload.count),"))
        }
    }

    @Test func ownFrames_AreReadByTheOwnSubscriber() throws {
        let line = try Line(.tcp)
        var sent = header
        sent.codec = .rawBGR8
        sent.payloadCRC32 = CRC32.of(Wire.rawPayload)
        sent.size = PixelSize(width: 4, height: 2)
        for sequence in UInt64(0)..<100 {
            sent.sequence = sequence
            try Wire.rawPayload.withUnsafeBytes {
                try line.publisher.send(
                    frame: sent, stream: "color", pixelFormat: "bgr8", codecName: "raw_bgr8",
                    size: PixelSize(width: 4, height: 2), payload: $0)
            }
            #expect(try line.receive().reading == .frame(sent, payloadPart: 2))
        }
    }

    @Test(arguments: Transport.allCases)
    func subscriberCount_FollowsThoseWhoComeAndGo(transport: Transport) throws {
        let context = try MessagingContext()
        let publisher = try Publisher(context: context, endpoints: [Endpoint(.bind, transport.address)])
        let connect = Endpoint(.connect, publisher.boundEndpoints[0])
        #expect(publisher.subscriberCount == 0)
        #expect(try publisher.waitForSubscribers(timeoutMs: 0) == false)
        do {
            let first = try EventSubscriber(context: context, endpoints: [connect], topics: ["a"])
            let second = try FrameSubscriber(context: context, endpoints: [connect], topics: ["a"])
            try #require(try publisher.waitForSubscribers(2, timeoutMs: 10_000))
            #expect(publisher.subscriberCount == 2)
            withExtendedLifetime((first, second)) {}
        }
        // Each call waits for the next news from a subscriber; the number of calls is bounded so that a failure ends.
        for _ in 0..<100 where publisher.subscriberCount > 0 {
            _ = try publisher.waitForSubscribers(.max, timeoutMs: 100)
        }
        #expect(publisher.subscriberCount == 0)
    }

    @Test func eventSubscriber_KeepsABoundedNumberOfParts() throws {
        let context = try MessagingContext()
        let publisher = try Publisher(context: context, endpoints: [Endpoint(.bind, Transport.tcp.address)])
        let subscriber = try EventSubscriber(
            context: context, endpoints: [Endpoint(.connect, publisher.boundEndpoints[0])], topics: ["line1/"])
        try #require(try publisher.waitForSubscribers(timeoutMs: 10_000))
        try publisher.send([Wire.bytes("line2/top/verdict"), [0]])
        try publisher.send([Wire.bytes("line1/top/verdict")] + (0..<100).map { [$0] })
        try publisher.send([Wire.bytes("line1/top/verdict"), Wire.bytes("{}")])
        let first = try #require(try subscriber.receive(timeoutMs: 10_000))
        #expect(first == [Wire.bytes("line1/top/verdict")] + (0..<7).map { [$0] })
        let second = try #require(try subscriber.receive(timeoutMs: 10_000))
        #expect(second == [Wire.bytes("line1/top/verdict"), Wire.bytes("{}")])
        #expect(try subscriber.receive(timeoutMs: 0) == nil)
    }

    @Test func sending_DoesNotWait_WhenNobodyListensOrSomebodyIsSlow() throws {
        let line = try Line(.inproc)
        for sequence in 0..<5000 { try line.publisher.send(Wire.frame(sequence: sequence)) }
        var sequences: [UInt64] = []
        while let incoming = try line.subscriber.receive(timeoutMs: 0) {
            if let sequence = incoming.reading.header?.sequence { sequences.append(sequence) }
        }
        // What was kept is the oldest, whole and in order; the rest was dropped at the high-water marks.
        #expect(!sequences.isEmpty && sequences.count < 5000)
        #expect(sequences == Array(0..<UInt64(sequences.count)))
    }
}
