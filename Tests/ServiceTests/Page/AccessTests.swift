import Foundation
import Hummingbird
import HTTPTypes
import Streaming
import Testing

@testable import Service

@Suite struct AccessTests {
    private static func request(_ headers: [String: String] = ["X-Flawd-Command": "1"], host: String? = "localhost:9640") -> Request {
        var fields = HTTPFields()
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        return Request(head: HTTPRequest(method: .post, scheme: nil, authority: host, path: "/api/mark", headerFields: fields), body: RequestBody(buffer: ByteBuffer()))
    }

    private static func gate(_ bind: String = "127.0.0.1:9640", tokens: String? = nil) throws -> PageGuard {
        var settings = try HTTPSettings(bind: bind, insecure: true)
        settings.tokens = tokens
        return try PageGuard(settings, logger: quiet)
    }

    /// nil: admitted.
    private func status(_ body: () throws -> Void) -> Int? {
        do { try body() } catch { return (error as? PageRefusal)?.status.code ?? 0 }
        return nil
    }

    @Test func tokens_AreKnownByTheirHash_UntilTheyAreRevoked() throws {
        let token = AccessTokens.makeToken(), other = AccessTokens.makeToken()
        #expect(token != other && token.utf8.count == 70)
        var text = try AccessTokens.text("# ours\n", adding: "anna", token: token, file: "t")
        text = try AccessTokens.text(text, adding: "ben", token: other, file: "t")
        #expect(!text.contains(token) && text.hasPrefix("# ours\n"))
        #expect(try AccessTokens(text: text, file: "t").entry(of: token)?.name == "anna" && AccessTokens(text: text, file: "t").entry(of: "") == nil)
        let less = try AccessTokens.text(text, revoking: "anna", file: "t")
        #expect(try AccessTokens(text: less, file: "t").entry(of: token) == nil && AccessTokens(text: less, file: "t").entry(of: other)?.name == "ben" && less.hasPrefix("# ours\n"))
        #expect(throws: CurveError.self) { try AccessTokens.text(text, adding: "anna", token: other, file: "t") }
        #expect(throws: CurveError.self) { try AccessTokens.text(text, adding: "an na", token: other, file: "t") }
        #expect(throws: CurveError.self) { try AccessTokens.text(text, revoking: "carl", file: "t") }
        for wrong in ["anna", "anna flawd_plain", "anna \(String(repeating: "G", count: 64))", text + text] { #expect(throws: CurveError.self) { try AccessTokens(text: wrong, file: "t") } }
    }

    @Test func withoutTokens_ThisMachineAloneChangesThings() throws {
        let gate = try Self.gate()
        #expect(try gate.admitWriting(Self.request()) == "this machine")
        #expect(status { _ = try gate.admitWriting(Self.request([:])) } == 403)
        #expect(status { _ = try gate.admitWriting(Self.request(host: "evil.example")) } == 421)
        #expect(status { _ = try gate.admitWriting(Self.request(["X-Flawd-Command": "1", "Origin": "http://evil.example"])) } == 403)
        #expect(status { _ = try gate.admitWriting(Self.request(["X-Flawd-Command": "1", "Origin": "http://localhost:9640"])) } == nil)
        let open = try Self.gate("0.0.0.0:9640")
        #expect(status { _ = try open.admitWriting(Self.request(host: "10.0.0.4:9640")) } == 403)
        #expect(status { try open.admitReading(Self.request(host: "10.0.0.4:9640")) } == nil)
    }

    @Test func withTokens_EvenThisMachineShowsOne_AndOthersToRead() throws {
        let folder = try TemporaryFolder(), token = AccessTokens.makeToken()
        let path = try folder.write(AccessTokens.text("", adding: "anna", token: token, file: "t"), to: "tokens")
        let gate = try Self.gate(tokens: path)
        #expect(status { _ = try gate.admitWriting(Self.request()) } == 401)
        #expect(status { try gate.admitReading(Self.request()) } == nil)
        #expect(try gate.admitWriting(Self.request(["X-Flawd-Command": "1", "Authorization": "Bearer \(token)"])) == "anna")
        #expect(status { _ = try gate.admitWriting(Self.request(["X-Flawd-Command": "1", "Authorization": "Bearer \(token)x"])) } == 401)
        let (key, name) = try gate.logIn(token)
        let cookie = ["X-Flawd-Command": "1", "Cookie": "a=b; flawd_session=\(key)"]
        #expect(name == "anna")
        #expect(try gate.admitWriting(Self.request(cookie)) == "anna")
        let open = try Self.gate("0.0.0.0:9640", tokens: path)
        #expect(status { try open.admitReading(Self.request(host: "10.0.0.4")) } == 401)
        // Whoever is revoked is out, session and all, also when somebody of the same name comes after.
        _ = try folder.write(AccessTokens.text("", adding: "anna", token: AccessTokens.makeToken(), file: "t"), to: "tokens")
        #expect(status { _ = try gate.admitWriting(Self.request(cookie)) } == 401)
        // A list that is not usable lets nobody in, and neither does one that is gone.
        let bearer = ["X-Flawd-Command": "1", "Authorization": "Bearer \(token)"], good = try AccessTokens.text("", adding: "ben", token: token, file: "t")
        for text in ["nonsense", good, "nonsense again", good] {
            _ = try folder.write(text, to: "tokens")
            #expect(status { _ = try gate.admitWriting(Self.request(bearer)) } == (text == good ? nil : 401))
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(status { _ = try gate.admitWriting(Self.request(bearer)) } == 401)
    }

    @Test func throughAProxy_NobodyIsOnThisMachine() throws {
        let folder = try TemporaryFolder(), path = try folder.write("", to: "tokens"), token = AccessTokens.makeToken()
        var settings = try HTTPSettings(bind: "127.0.0.1:9640", insecure: false)
        settings.hosts = ["line4.plant"]
        #expect(try status { _ = try PageGuard(settings, logger: quiet).admitWriting(Self.request()) } == 403)
        // Whatever Host the proxy gives flawd, the page comes from the proxy's name.
        settings.tokens = try folder.write(AccessTokens.text("", adding: "anna", token: token, file: "t"), to: "some")
        let gate = try PageGuard(settings, logger: quiet)
        for (host, origin, code) in [
            ("127.0.0.1:9640", "https://line4.plant", nil), ("line4.plant", "https://line4.plant:8443", nil), ("line4.plant:8443", "https://line4.plant:8443", nil),
            ("127.0.0.1:9640", "https://line4.plant.evil.example", 403), ("line4.plant", "https://evil.example", 403), ("line4.plant", "null", 403), ("line4.plant", "file://line4.plant", 403),
        ] as [(String, String, Int?)] {
            let headers = ["X-Flawd-Command": "1", "Authorization": "Bearer \(token)", "Origin": origin]
            #expect(status { _ = try gate.admitWriting(Self.request(headers, host: host)) } == code, "\(host), \(origin)")
        }
        let forwarded = ["X-Flawd-Command": "1", "X-Forwarded-For": "10.0.0.7"]
        #expect(status { _ = try Self.gate().admitWriting(Self.request(forwarded)) } == 403)
        #expect(status { try Self.gate().admitReading(Self.request(forwarded)) } == nil)
        #expect(status { try Self.gate(tokens: path).admitReading(Self.request(forwarded)) } == 401)
    }

    @Test func tooManyWrongTokens_ArePutOff_AndNobodyElseIsLockedOut() throws {
        let folder = try TemporaryFolder(), token = AccessTokens.makeToken(), clock = ManualClock()
        var settings = try HTTPSettings(bind: "127.0.0.1:9640", insecure: false)
        settings.tokens = try folder.write(AccessTokens.text("", adding: "anna", token: token, file: "t"), to: "tokens")
        let gate = try PageGuard(settings, sessions: PageSessions(clock: clock.clock), logger: quiet)
        for _ in 0..<10 { #expect(status { _ = try gate.logIn("guess") } == 401) }
        #expect(status { _ = try gate.logIn("guess") } == 429)
        // Who has one is let in all the same.
        #expect(gate.name(of: Self.request(["Authorization": "Bearer \(token)"])) == "anna")
        let (key, _) = try gate.logIn(token)
        #expect(gate.sessions.session(key)?.holder.name == "anna")
        clock.advance(ms: 61_000)
        #expect(status { _ = try gate.logIn("guess") } == 401)
        clock.advance(ms: PageSessions.lifetimeSeconds * 1000 + 1)
        #expect(gate.sessions.session(key) == nil, "a session ends")
    }
}
