import CZeroMQ
import Foundation
import Imaging
import Testing
@testable import Streaming

/// flawd's own sockets with CURVE at both ends.
@Suite struct SecuredSocketTests {
    private let server: CurveKeyPair, client: CurveKeyPair
    private let door = Doorkeeper()

    init() throws {
        (server, client) = (try CurveKeyPair(), try CurveKeyPair())
        try door.allow("peer \(client.publicKey)")
    }

    @Test(arguments: [false, true]) func frames_ArriveOverCurve_WhicheverEndBinds(subscriberBinds: Bool) throws {
        let guarded = try MessagingContext(authority: door.authority()), outside = try MessagingContext()
        let publisher: Publisher, subscriber: FrameSubscriber
        if subscriberBinds {
            subscriber = try FrameSubscriber(context: guarded, endpoints: [Endpoint(.bind, "tcp://127.0.0.1:*", .server(server, for: .publish))])
            publisher = try Publisher(context: outside, endpoints: [Endpoint(.connect, subscriber.boundEndpoints[0], .client(client, of: server.publicKey))])
        } else {
            publisher = try Publisher(context: guarded, endpoints: [Endpoint(.bind, "tcp://127.0.0.1:*", .server(server, for: .subscribe))])
            subscriber = try FrameSubscriber(context: outside, endpoints: [Endpoint(.connect, publisher.boundEndpoints[0], .client(client, of: server.publicKey))])
        }
        try publisher.waitForSubscribers(1, of: subscriber)
        for sequence in 0..<20 {
            try publisher.send(Wire.frame(sequence: sequence))
            #expect(try subscriber.receive(timeoutMs: 10_000)?.reading.header?.sequence == UInt64(sequence))
        }
    }

    /// One socket that binds with and without keys: each endpoint keeps its own security, whatever their order.
    @Test(arguments: [false, true]) func endpointsOfOneSocket_HaveTheirOwnSecurity(plainFirst: Bool) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("f-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let guarded = try MessagingContext(authority: door.authority()), outside = try MessagingContext()
        let camera = try Publisher(context: outside, endpoints: [Endpoint(.bind, "tcp://127.0.0.1:*")])
        var endpoints = [
            Endpoint(.bind, "ipc://\(folder)/in"), Endpoint(.bind, "tcp://127.0.0.1:*", .server(server, for: .publish)),
            Endpoint(.connect, camera.boundEndpoints[0]),
        ]
        if !plainFirst { endpoints.swapAt(0, 1) }
        let subscriber = try FrameSubscriber(context: guarded, endpoints: endpoints)
        let (plain, secured) = plainFirst ? (subscriber.boundEndpoints[0], subscriber.boundEndpoints[1]) : (subscriber.boundEndpoints[1], subscriber.boundEndpoints[0])
        #expect(plain == "ipc://\(folder)/in" && secured.hasPrefix("tcp://"))
        let local = try Publisher(context: outside, endpoints: [Endpoint(.connect, plain)])
        let remote = try Publisher(context: outside, endpoints: [Endpoint(.connect, secured, .client(client, of: server.publicKey))])
        for (index, publisher) in [camera, local, remote].enumerated() {
            try publisher.waitForSubscribers(1, of: subscriber)
            try publisher.send(Wire.frame(sequence: index))
            #expect(try subscriber.receive(timeoutMs: 10_000)?.reading.header?.sequence == UInt64(index))
        }
    }

    /// Endpoints come and go while the socket lives: one that is added later has its security, too.
    @Test func endpointsThatAreAddedLater_HaveTheirOwnSecurity() throws {
        let authority = door.authority()
        let guarded = try MessagingContext(authority: authority), outside = try MessagingContext()
        let plain = Endpoint(.bind, "ipc://\(NSTemporaryDirectory())/f-\(UUID().uuidString.prefix(8))"), secured = Endpoint(.bind, "tcp://127.0.0.1:*", .server(server, for: .publish))
        let subscriber = try FrameSubscriber(context: guarded, endpoints: [plain])
        try subscriber.change(endpoints: [plain, secured], topics: [""])
        let address = subscriber.boundEndpoints[1]
        let stranger = try Publisher(context: outside, endpoints: [Endpoint(.connect, address)])
        let camera = try Publisher(context: outside, endpoints: [Endpoint(.connect, address, .client(client, of: server.publicKey))])
        try camera.waitForSubscribers(1, of: subscriber)
        #expect(authority.counts.admitted == 1 && stranger.subscriberCount == 0)
    }

    @Test func catchUp_IsAnsweredOverCurve_AndKnowsWhoAsks() async throws {
        let file = try JournalFile(), journal = try file.open()
        try journal.append([.verdict(1, epoch: journal.epoch)])
        let guarded = try MessagingContext(authority: door.authority())
        let desk = try CatchUpServer(context: guarded, endpoints: [Endpoint(.bind, "tcp://127.0.0.1:*", .server(server, for: .subscribe))], journal: file.path)
        let asker = try Socket(try MessagingContext(), .dealer)
        try asker.configure(maxMessageBytes: 1 << 20, highWaterMark: 8)
        _ = try asker.attach([Endpoint(.connect, desk.boundEndpoints[0], .client(client, of: server.publicKey))])
        try Array(#"{"since":0}"#.utf8).withUnsafeBytes { try asker.send($0, more: false) }
        try #require(try desk.serve(timeoutMs: 10_000))
        #expect(desk.lastAsker == "peer")
        let isAnswered = try asker.waitForMessage(timeoutMs: 10_000)
        #expect(isAnswered)
    }

    /// A camera's program may answer 400, at which libzmq's client would give up.
    @Test func serverThatRefusesOurKey_IsNamed_AndAskedAgain() throws {
        let context = try MessagingContext(), outside = try MessagingContext()
        let handler = try #require(zmq_socket(context.handle, ZMQ_REP))
        defer { zmq_close(handler) }
        try #require(zmq_bind(handler, ZAPHandler.address) == 0)
        let camera = try Socket(context, .publisher)
        try camera.configure(maxMessageBytes: 1024, highWaterMark: 16)
        try camera.set(ZMQ_CURVE_SERVER, 1)
        try #require(zmq_setsockopt(camera.handle, ZMQ_CURVE_SECRETKEY, server.secret, 40) == 0)
        try #require(zmq_setsockopt(camera.handle, ZMQ_ZAP_DOMAIN, "x", 1) == 0)
        let address = try camera.attach([Endpoint(.bind, "tcp://127.0.0.1:*")])[0]
        let subscriber = try FrameSubscriber(context: outside, endpoints: [Endpoint(.connect, address, .client(client, of: server.publicKey))])
        var requests = 0, refused: Set<String> = [], isSubscribed = false
        let slot = MessageSlots(count: 1), begun = ContinuousClock.now
        while !isSubscribed {
            #expect(try subscriber.receive(timeoutMs: 10) == nil)
            refused.formUnion(subscriber.takeRefusals())
            isSubscribed = try camera.receive(into: slot[0])
            var buffer = [UInt8](repeating: 0, count: 512)
            if zmq_recv(handler, &buffer, buffer.count, ZMQ_DONTWAIT) >= 0 {
                var parts = 1
                while zmq_recv(handler, &buffer, buffer.count, ZMQ_DONTWAIT) >= 0 { parts += 1 }
                try #require(parts == 7)
                requests += 1
                let answer = ["1.0", "1", requests == 1 ? "400" : "200", "", "", ""]
                for (index, part) in answer.enumerated() { zmq_send(handler, part, part.utf8.count, index < 5 ? ZMQ_SNDMORE : 0) }
            }
            try #require(ContinuousClock.now < begun + .seconds(20))
        }
        #expect(refused == [address] && requests == 2)
    }

    @Test func endpoint_DoesNotTellItsSecret() {
        let endpoint = Endpoint(.bind, "tcp://127.0.0.1:1", .server(server, for: .publish))
        #expect(endpoint.description == "bind tcp://127.0.0.1:1, CURVE")
        #expect(!"\(server)\(endpoint)".contains(server.secret) && "\(server)".contains(server.publicKey.text))
        #expect(!"\(EndpointSecurity.client(client, of: server.publicKey))".contains(client.secret))
    }

    @Test(arguments: [
        ("tcp://127.0.0.1:1", true), ("tcp://127.255.3.4:1", true), ("tcp://localhost:1", true), ("tcp://LOCALHOST:1", true), ("tcp://[::1]:1", true),
        ("ipc:///run/x", true), ("tcp://10.0.0.1;127.0.0.1:1", true), ("tcp://127.0.0.1;10.0.0.1:1", false), ("tcp://*:1", false), ("tcp://0.0.0.0:1", false),
        ("tcp://[::]:1", false), ("tcp://127.0.0.1.example.org:1", false), ("tcp://127.1:1", false), ("tcp://127.0.0.256:1", false), ("tcp://127.0.0.+1:1", false),
        ("tcp://camera:1", false), ("tcp://localhost.example.org:1", false), ("tcp://192.168.0.1:1", false), ("tcp://[::ffff:127.0.0.1]:1", false), ("tcp://", false),
    ]) func addresses_OfThisMachine_AreKnown(address: String, isLocal: Bool) {
        #expect(Endpoint(.connect, address).isLocal == isLocal)
        #expect(Endpoint(.bind, address).isLocal == isLocal)
    }

    @Test func loopbackInterface_IsLocal_WhereItIsBound() {
        #expect(Endpoint(.bind, "tcp://lo:1").isLocal)
        // To connect it is a host's name.
        #expect(!Endpoint(.connect, "tcp://lo:1").isLocal)
    }
}
