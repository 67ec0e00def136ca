import Foundation
import Inspection
import Logging
import Testing

@testable import Service
@testable import Streaming

@Suite struct KeyReloaderTests {
    private let a: CurveKeyPair, b: CurveKeyPair

    init() throws { (a, b) = (try CurveKeyPair(), try CurveKeyPair()) }

    /// Looks until something is told: a changed file is read at the second look that finds it the same.
    private func next(_ reloader: KeyReloader, _ told: Monitor<[(StatusEvent.Condition, String)]>) -> (StatusEvent.Condition, String)? {
        for _ in 0..<4 {
            reloader.reloadIfChanged()
            if let last = told.update({ $0.popLast() }) { return last }
        }
        return nil
    }

    @Test func changedList_IsInForce_AndABadOneIsNot() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("cam1 \(a.publicKey)\n", to: "allowed-keys")
        let file = try ReloadableFile(path: path) { try AllowedKeys(path: $0) }
        let told = Monitor<[(StatusEvent.Condition, String)]>([])
        let reloader = KeyReloader(file: file, logger: quiet) { condition, detail in told.update { $0.append((condition, detail)) } }
        #expect(next(reloader, told) == nil)

        _ = try folder.write("cam2 \(b.publicKey) publish\n", to: "allowed-keys")
        var said = try #require(next(reloader, told))
        #expect(said.0 == .keysReplaced && said.1.contains("new: cam2; revoked: cam1 (connections that they have stay"))
        #expect(file.current.entry(of: a.publicKey) == nil && file.current.entry(of: b.publicKey)?.name == "cam2")

        _ = try folder.write("cam2 broken\n", to: "allowed-keys")
        said = try #require(next(reloader, told))
        #expect(said.0 == .keysRefused && said.1.hasPrefix("\(path):1: the key of cam2"))
        #expect(file.current.entry(of: b.publicKey)?.name == "cam2")
        #expect(next(reloader, told) == nil)
    }

    /// From the file to the handshake, over TCP: the reader of the list is asked anew each time.
    @Test func revokedKey_IsRefusedFromTheNextConnectionOn_AndSaid() throws {
        let folder = try TemporaryFolder()
        let server = try CurveKeyPair()
        let key = "\(folder.path)/flawd.key"
        try Data(CurveKeyFile.text(of: server).utf8).write(to: URL(fileURLWithPath: key))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let list = try folder.write("cam1 \(a.publicKey)\n", to: "allowed-keys")
        var configuration = Configuration()
        configuration.security = .init(key: .file(key), allowedKeys: list)
        configuration.subscribe.endpoints = [Endpoint(.bind, "tcp://127.0.0.1:*")]
        let inbox = StatusInbox()
        let security = try ConnectionSecurity(configuration, status: inbox, logger: quiet)
        let context = try MessagingContext(authority: security.authority), outside = try MessagingContext()
        let subscriber = try FrameSubscriber(context: context, endpoints: try security.endpoints(of: configuration.subscribe))
        func camera(_ pair: CurveKeyPair) throws -> Publisher {
            try Publisher(context: outside, endpoints: [Endpoint(.connect, subscriber.boundEndpoints[0], .client(pair, of: server.publicKey))])
        }
        func wait(_ condition: () -> Bool) throws {
            let begun = ContinuousClock.now
            // The subscriber tells a new peer its topics when it receives.
            while !condition() {
                _ = try subscriber.receive(timeoutMs: 10)
                try #require(ContinuousClock.now < begun + .seconds(20))
            }
        }
        let first = try camera(a)
        try wait { first.subscriberCount == 1 }
        let second = try camera(b)
        try wait { security.authority?.counts.denied ?? 0 > 0 }
        #expect(second.subscriberCount == 0)
        var events = inbox.takeAll()
        #expect(events.map(\.condition) == [.keyDenied] && events[0].detail.contains(b.publicKey.text) && events[0].detail.contains("wants to publish"))

        let allowed = try #require(security.allowed)
        let reloader = KeyReloader(file: allowed, logger: quiet, tell: inbox.say)
        _ = try folder.write("cam2 \(b.publicKey)\n", to: "allowed-keys")
        for _ in 0..<3 { reloader.reloadIfChanged() }
        events = inbox.takeAll()
        #expect(events.map(\.condition) == [.keysReplaced])
        // Who was denied tries again by itself; who is connected stays; the revoked key does not come in anew.
        try wait { second.subscriberCount == 1 }
        #expect(first.subscriberCount == 1)
        let denied = security.authority?.counts.denied ?? 0
        let third = try camera(a)
        try wait { security.authority?.counts.denied ?? 0 > denied }
        #expect(third.subscriberCount == 0)
    }

    /// A configuration that was read again may bring keys, which wait for a restart, and an address that counts on them.
    @Test func addressThatCountsOnKeysNotInForce_IsRefused() throws {
        let security = try ConnectionSecurity(Configuration(), status: StatusInbox(), logger: quiet)
        var new = Configuration()
        new.security = .init(key: .file("k"), allowedKeys: "a")
        new.subscribe.endpoints = [Endpoint(.bind, "tcp://*:1")]
        #expect(new.securityProblems.isEmpty)
        #expect { try security.endpoints(of: new.subscribe) } throws: { "\($0)".contains("security in force") && "\($0)".contains("whoever reaches this machine") }
        new.subscribe.security.isInsecure = true
        #expect(try security.endpoints(of: new.subscribe) == [Endpoint(.bind, "tcp://*:1")])
    }

    @Test func configurationThatIsNotAllowed_OpensNothing() throws {
        var configuration = Configuration()
        configuration.publish.endpoints = [Endpoint(.bind, "tcp://*:1")]
        #expect { try ConnectionSecurity(configuration, status: StatusInbox(), logger: quiet) } throws: { "\($0)".contains("insecure: true") }
        configuration.publish.endpoints = [Endpoint(.bind, "tcp://127.0.0.1:1")]
        configuration.security = .init(key: .file("/no/such/key"), allowedKeys: "/no/such/list")
        #expect { try ConnectionSecurity(configuration, status: StatusInbox(), logger: quiet) } throws: { "\($0)".hasPrefix("/no/such/key: cannot be opened") }
        #expect(configuration.security?.findings.map(\.file) == ["/no/such/key", "/no/such/list"])
    }
}

@Suite struct DenialReporterTests {
    private static func denial(_ key: CurveKey?, _ reason: KeyAuthority.Denial.Reason = .unknownKey) -> KeyAuthority.Denial {
        KeyAuthority.Denial(reason: reason, use: .publish, address: "10.0.0.7", key: key, name: nil)
    }

    @Test func key_IsSpokenOfOnceAMinute_AndALineASecondIsTheMost() throws {
        let now = Monitor<Int64>(0), told = Monitor<[String]>([])
        let clock = PipelineClock(monotonicNs: { now.read { $0 } }, utcNs: { 0 })
        let reporter = DenialReporter(logger: quiet, clock: clock) { _, detail in told.update { $0.append(detail) } }
        let first = try CurveKeyPair().publicKey, second = try CurveKeyPair().publicKey
        for _ in 0..<100 { reporter.report(Self.denial(first)) }
        reporter.report(Self.denial(second))
        #expect(told.read(\.count) == 1)
        now.update { $0 = 2_000_000_000 }
        reporter.report(Self.denial(first))
        reporter.report(Self.denial(second))
        #expect(told.read(\.count) == 2 && told.read { $0[1] }.contains(second.text) && told.read { $0[1] }.contains("and 101 refusals before"))
        now.update { $0 = 70_000_000_000 }
        reporter.report(Self.denial(first))
        #expect(told.read(\.count) == 3)
        // Keys that are made up for each attempt: a line a second, and nothing grows.
        for _ in 0..<500 {
            now.update { $0 += 10_000_000 }
            reporter.report(Self.denial(try CurveKeyPair().publicKey))
        }
        #expect(told.read(\.count) <= 9)
    }
}
