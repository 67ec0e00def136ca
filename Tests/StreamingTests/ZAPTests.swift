import CZeroMQ
import Foundation
import Synchronization
import Testing
@testable import Streaming

/// A list of allowed keys that tests change, and what was denied.
final class Doorkeeper: Sendable {
    private let list = Mutex(AllowedKeys.none)
    private let refused = Mutex<[KeyAuthority.Denial]>([])

    var denials: [KeyAuthority.Denial] { refused.withLock { $0 } }

    func allow(_ lines: String...) throws {
        let keys = try AllowedKeys(text: lines.joined(separator: "\n"), file: "list")
        list.withLock { $0 = keys }
    }

    func authority() -> KeyAuthority {
        KeyAuthority(keys: { self.list.withLock { $0 } }, report: { denial in self.refused.withLock { $0.append(denial) } })
    }
}

/// The cases of the trap list, each over a TCP socket of its own.
@Suite struct ZAPTests {
    private let server: CurveKeyPair, camera: CurveKeyPair, stranger: CurveKeyPair
    private let door = Doorkeeper()

    init() throws {
        (server, camera, stranger) = (try CurveKeyPair(), try CurveKeyPair(), try CurveKeyPair())
    }

    /// A bound socket whose handshakes are watched, and those who connect to it.
    private final class Meeting {
        let outside: MessagingContext
        let socket: Socket
        let monitor: HandshakeMonitor
        let address: String
        private var clients: [Client] = []

        final class Client {
            let socket: Socket
            init(_ socket: consuming Socket) { self.socket = socket }
        }

        init(_ context: MessagingContext, _ security: EndpointSecurity, prepare: (borrowing Socket) throws -> Void = { _ in }) throws {
            outside = try MessagingContext()
            socket = try Socket(context, .subscriber)
            try socket.configure(maxMessageBytes: 1 << 20, highWaterMark: 16)
            try prepare(socket)
            monitor = try HandshakeMonitor(context, socket.handle)
            address = try socket.attach([Endpoint(.bind, "tcp://127.0.0.1:*", security)], topics: [""])[0]
        }

        func join(_ security: EndpointSecurity) throws -> HandshakeMonitor.Outcome? {
            let client = Client(try Socket(outside, .publisher))
            try client.socket.configure(maxMessageBytes: 1 << 20, highWaterMark: 16)
            _ = try client.socket.attach([Endpoint(.connect, address, security)])
            clients.append(client)
            return try monitor.next()
        }

        func leave() { clients = [] }
    }

    private func curve(_ socket: borrowing Socket, domain: String?, enforced: Bool) throws {
        try socket.set(ZMQ_CURVE_SERVER, 1)
        #expect(zmq_setsockopt(socket.handle, ZMQ_CURVE_SECRETKEY, server.secret, 40) == 0)
        if let domain { #expect(zmq_setsockopt(socket.handle, ZMQ_ZAP_DOMAIN, domain, domain.utf8.count) == 0) }
        try socket.set(93, enforced ? 1 : 0)
    }

    @Test func libzmqItself_AdmitsAnyKey_WithoutAHandler_EvenWithADomain() throws {
        let meeting = try Meeting(try MessagingContext(), .plain) { try curve($0, domain: "publish", enforced: false) }
        #expect(try meeting.join(.client(stranger, of: server.publicKey)) == .succeeded)
    }

    @Test func libzmqItself_DoesNotAskTheHandler_WithoutADomain() throws {
        let authority = door.authority()
        let meeting = try Meeting(try MessagingContext(authority: authority), .plain) { try curve($0, domain: nil, enforced: true) }
        #expect(try meeting.join(.client(stranger, of: server.publicKey)) == .succeeded)
        #expect(authority.counts == KeyAuthority.Counts(admitted: 0, denied: 0))
    }

    @Test func enforcedDomain_AdmitsNobody_WithoutAHandler() throws {
        let meeting = try Meeting(try MessagingContext(), .plain) { try curve($0, domain: "publish", enforced: true) }
        let outcome = try meeting.join(.client(camera, of: server.publicKey))
        #expect(outcome != nil && outcome != .succeeded)
    }

    @Test func ourServer_IsNotBound_WithoutAnAuthority() throws {
        for use in PeerUse.allCases {
            let endpoint = Endpoint(.bind, "tcp://127.0.0.1:*", .server(server, for: use))
            #expect { try FrameSubscriber(context: try MessagingContext(), endpoints: [endpoint]) } throws: { "\($0)".contains("nobody who decides which keys are let in") }
            #expect(throws: StreamingError.self) { try Publisher(context: try MessagingContext(), endpoints: [endpoint]) }
            #expect(throws: StreamingError.self) { try CatchUpServer(context: try MessagingContext(), endpoints: [endpoint], journal: "j") }
        }
    }

    @Test func roles_AreNotMixedUp() throws {
        let context = try MessagingContext(authority: door.authority())
        #expect { try Publisher(context: context, endpoints: [Endpoint(.connect, "tcp://127.0.0.1:9", .server(server, for: .publish))]) } throws: { "\($0)".contains("client") }
        #expect { try Publisher(context: context, endpoints: [Endpoint(.bind, "tcp://127.0.0.1:*", .client(server, of: camera.publicKey))]) } throws: { "\($0)".contains("server") }
    }

    @Test func allowedKey_IsAdmitted_AndAnUnknownOneDenied() throws {
        let authority = door.authority()
        try door.allow("cam1 \(camera.publicKey)")
        let meeting = try Meeting(try MessagingContext(authority: authority), .server(server, for: .publish))
        #expect(try meeting.join(.client(camera, of: server.publicKey)) == .succeeded)
        #expect(authority.counts == KeyAuthority.Counts(admitted: 1, denied: 0) && door.denials == [])
        #expect(try meeting.join(.client(stranger, of: server.publicKey)) == .failedAuthentication(300))
        let denial = try #require(door.denials.first)
        #expect(denial.reason == .unknownKey && denial.key == stranger.publicKey && denial.use == .publish && denial.name == nil && denial.address.hasPrefix("127.0.0.1"))
    }

    /// One bit of another key is another key.
    @Test func key_IsComparedWholly() throws {
        var bytes = [UInt8](repeating: 0, count: 32)
        #expect(zmq_z85_decode(&bytes, camera.publicKey.text) != nil)
        bytes[31] ^= 1
        let other = try #require(bytes.withUnsafeBytes { CurveKey(bytes: $0) })
        try door.allow("cam1 \(other)")
        let meeting = try Meeting(try MessagingContext(authority: door.authority()), .server(server, for: .publish))
        #expect(try meeting.join(.client(camera, of: server.publicKey)) == .failedAuthentication(300))
    }

    @Test func key_IsDenied_WhereItIsAllowedForSomethingElse() throws {
        try door.allow("gateway \(camera.publicKey) subscribe")
        let context = try MessagingContext(authority: door.authority())
        let frames = try Meeting(context, .server(server, for: .publish)), verdicts = try Meeting(context, .server(server, for: .subscribe))
        #expect(try frames.join(.client(camera, of: server.publicKey)) == .failedAuthentication(300))
        #expect(door.denials.first?.reason == .otherUse && door.denials.first?.name == "gateway")
        #expect(try verdicts.join(.client(camera, of: server.publicKey)) == .succeeded)
    }

    @Test func otherServersKey_MakesNoConnection() throws {
        try door.allow("cam1 \(camera.publicKey)")
        let meeting = try Meeting(try MessagingContext(authority: door.authority()), .server(server, for: .publish))
        // The client takes `stranger` for the server; this server cannot read what is meant for another.
        let outcome = try meeting.join(.client(camera, of: stranger.publicKey))
        #expect(outcome != nil && outcome != .succeeded)
    }

    @Test func plainPeer_IsRefused_ByACurveServer_AndACurveClientRefusesAPlainServer() throws {
        try door.allow("cam1 \(camera.publicKey)")
        let authority = door.authority()
        let guarded = try Meeting(try MessagingContext(authority: authority), .server(server, for: .publish))
        var outcome = try guarded.join(.plain)
        #expect(outcome != nil && outcome != .succeeded && authority.counts.admitted == 0)
        let open = try Meeting(try MessagingContext(), .plain)
        outcome = try open.join(.client(camera, of: server.publicKey))
        #expect(outcome != nil && outcome != .succeeded)
    }

    @Test func revokedKey_IsDenied_WhenItConnectsAgain_AndAnAddedOneIsAdmitted() throws {
        let authority = door.authority()
        try door.allow("cam1 \(camera.publicKey)")
        let meeting = try Meeting(try MessagingContext(authority: authority), .server(server, for: .publish))
        #expect(try meeting.join(.client(camera, of: server.publicKey)) == .succeeded)
        try door.allow("cam2 \(stranger.publicKey)")
        // The connection that is there stays; the next handshake is another matter.
        #expect(authority.counts == KeyAuthority.Counts(admitted: 1, denied: 0))
        meeting.leave()
        #expect(try meeting.join(.client(camera, of: server.publicKey)) == .failedAuthentication(300))
        meeting.leave()
        var outcome = try meeting.join(.client(stranger, of: server.publicKey))
        // The one before may have tried once more.
        while outcome == .failedAuthentication(300) { outcome = try meeting.monitor.next() }
        #expect(outcome == .succeeded)
    }

    @Test func emptyList_AdmitsNobody() throws {
        let meeting = try Meeting(try MessagingContext(authority: door.authority()), .server(server, for: .subscribe))
        #expect(try meeting.join(.client(camera, of: server.publicKey)) == .failedAuthentication(300))
    }

    /// Whatever asks the handler is answered, and then the next one is.
    @Test func malformedRequests_AreAnswered_AndDoNotEndTheHandler() throws {
        try door.allow("cam1 \(camera.publicKey)")
        let authority = door.authority(), context = try MessagingContext(authority: authority)
        let asker = try #require(zmq_socket(context.handle, ZMQ_REQ))
        defer { zmq_close(asker) }
        try #require(zmq_connect(asker, ZAPHandler.address) == 0)
        let key = [UInt8](repeating: 7, count: 32), good = ["1.0", "1", "publish", "127.0.0.1", "", "CURVE"].map { Array($0.utf8) } + [key]
        var odd: [[[UInt8]]] = [[[]], [[1, 2, 3]], Array(good.prefix(3)), good + [[1]], good + Array(repeating: key, count: 1000)]
        for (index, part) in [(0, Array("2.0".utf8)), (2, [0xFF, 0xFE]), (2, []), (5, Array("PLAIN".utf8)), (5, []), (6, []), (6, Array(key.dropLast())), (6, key + [0])] {
            var parts = good
            parts[index] = part
            odd.append(parts)
        }
        odd.append(good)
        for parts in odd {
            for (index, part) in parts.enumerated() { #expect(zmq_send(asker, part, part.count, index + 1 < parts.count ? ZMQ_SNDMORE : 0) == part.count) }
            var answer: [String] = [], more: Int32 = 1, size = 4
            while more != 0 {
                var buffer = [UInt8](repeating: 0, count: 512)
                let count = zmq_recv(asker, &buffer, buffer.count, 0)
                try #require(count >= 0)
                answer.append(String(decoding: buffer.prefix(Int(count)), as: UTF8.self))
                zmq_getsockopt(asker, ZMQ_RCVMORE, &more, &size)
            }
            #expect(answer.count == 6 && answer[0] == "1.0" && ["300", "400"].contains(answer[2]) && answer[4] == "", "\(answer)")
        }
        #expect(authority.counts == KeyAuthority.Counts(admitted: 0, denied: UInt64(odd.count)))
        let meeting = try Meeting(context, .server(server, for: .publish))
        #expect(try meeting.join(.client(camera, of: server.publicKey)) == .succeeded)
    }

    @Test func context_EndsWithItsHandler() throws {
        weak var context: MessagingContext?
        for isShutDown in [false, true] {
            let own = try MessagingContext(authority: door.authority())
            context = own
            if isShutDown { own.shutdown() }
        }
        // Its termination has waited for the handler's socket.
        #expect(context == nil)
    }
}
