import Foundation
import Inspection
import Streaming
import Testing

@testable import Service

/// What may be reached from where, in a configuration.
@Suite struct SecurityConfigurationTests {
    /// The public key of ZeroMQ's own example.
    static let key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    static let local = #"connect: "tcp://127.0.0.1:5555""#

    private func yaml(subscribe: String = local, publish: String = #"bind: "tcp://127.0.0.1:5556""#, more: String = "") -> String {
        "version: 1\nregions: r.yaml\nsubscribe: {\(subscribe)}\npublish: {\(publish)}\n\(more)"
    }

    private func problems(_ yaml: String) -> [String] {
        do throws(FileError) { _ = try Configuration(yaml: yaml, name: "f") } catch { return error.findings.map(\.description) }
        return []
    }

    @Test(arguments: ["tcp://0.0.0.0:1", "tcp://*:1", "tcp://eth0:1", "tcp://192.168.1.4:1", "tcp://[::]:1"])
    func boundAddress_ThatOthersReach_IsRefused_UnlessItIsSaidToBeInsecure(address: String) throws {
        let words = "whoever reaches this machine can connect to \(address): give security.secret_key and security.allowed_keys, or say insecure: true in this section"
        #expect(problems(yaml(publish: "bind: \"\(address)\"")) == ["f:4:17: publish.bind: \(words)"])
        #expect(problems(yaml(subscribe: "bind: \"\(address)\"")) == ["f:3:19: subscribe.bind: \(words)"])
        #expect(problems(yaml(publish: "bind: \"\(address)\", insecure: true")) == [])
        #expect(problems(yaml(publish: "bind: \"\(address)\", insecure: false")).count == 1)
        // One section's word is not the other's.
        #expect(problems(yaml(subscribe: "bind: \"\(address)\"", publish: "bind: \"\(address)2\", insecure: true")).count == 1)
        #expect(problems(yaml(publish: "bind: \"\(address)\"", more: "security: {secret_key: k, allowed_keys: a}")) == [])
        let without = problems(yaml(publish: "bind: \"\(address)\"", more: "security: {secret_key: k}"))
        #expect(without == ["f:4:17: publish.bind: \(address) asks for keys, but security.allowed_keys names no file with those that are allowed (flawd keys add makes one)"])
    }

    @Test func catchUp_ObeysItsSection() {
        let journal = "journal: {path: j}"
        #expect(problems(yaml(publish: #"bind: "tcp://127.0.0.1:1", catch_up: "tcp://*:2""#, more: journal)).first?.hasPrefix("f:4:48: publish.catch_up: whoever reaches this machine") == true)
        #expect(problems(yaml(publish: #"bind: "tcp://127.0.0.1:1", catch_up: "tcp://*:2", insecure: true"#, more: journal)) == [])
    }

    @Test func connecting_ToAnotherMachine_NeedsItsKey_OrTheWord() throws {
        let text = problems(yaml(subscribe: #"connect: "tcp://10.0.0.5:5555""#))
        #expect(text.count == 1 && text[0].hasPrefix("f:3:22: subscribe.connect: tcp://10.0.0.5:5555 is another machine") && text[0].contains("insecure: true"))
        #expect(problems(yaml(subscribe: #"connect: "tcp://10.0.0.5:5555", insecure: true"#)) == [])
        // flawd's own key says nothing of who answers.
        #expect(problems(yaml(subscribe: #"connect: "tcp://10.0.0.5:5555""#, more: "security: {secret_key: k, allowed_keys: a}")).count == 1)
        let keyed = "connect: [{address: \"tcp://10.0.0.5:5555\", server_key: '\(Self.key)'}, \"tcp://127.0.0.1:1\"]"
        #expect(problems(yaml(subscribe: keyed)).first?.contains("security.secret_key names it") == true)
        let configuration = try Configuration(yaml: yaml(subscribe: keyed, more: "security: {secret_key: k, allowed_keys: a}"), name: "f")
        #expect(configuration.subscribe.endpoints == [Endpoint(.connect, "tcp://10.0.0.5:5555"), Endpoint(.connect, "tcp://127.0.0.1:1")])
        #expect(configuration.subscribe.security.serverKeys == ["tcp://10.0.0.5:5555": try CurveKey(Self.key)])
    }

    /// A tenth of all keys have an `&` where YAML would begin an anchor, were it not in quotes.
    @Test func everyKey_CanStandInAConfiguration() throws {
        let known = try CurveKey("?6?vuwI<&Jd3hxtB*DJfT[{QD<o+X:*jW:Qa%{Mf")
        let keys = try [known] + (0..<100).map { _ in try CurveKeyPair().publicKey }
        for key in keys {
            for quote in ["'", "\""] {
                let text = yaml(
                    subscribe: "connect: [{address: \"tcp://10.0.0.5:5555\", server_key: \(quote)\(key)\(quote)}]", more: "security: {secret_key: k, allowed_keys: a}")
                #expect(try Configuration(yaml: text, name: "f").subscribe.security.serverKeys == ["tcp://10.0.0.5:5555": key])
            }
        }
    }

    @Test func mistakes_AreNamedWithTheirPlace() {
        let cases: [(String, String)] = [
            (yaml(more: "security: {}"), "f:5:11: security.secret_key: is missing; name flawd's key file"),
            (yaml(more: "security: {secret_key: a, credential: b}"), "f:5:11: security: has both secret_key and credential"),
            (yaml(more: "security: {credential: a/b}"), "f:5:24: security.credential: is a name from the unit's LoadCredential=, without a /"),
            (yaml(more: "security: {secret_kye: a}"), #"unknown key "secret_kye"; did you mean "secret_key"?"#),
            (yaml(subscribe: "connect: {address: \"tcp://127.0.0.1:1\", server_key: abc}"), "subscribe.connect.server_key: has 3 characters; a key is 40 characters of Z85"),
            (yaml(subscribe: "connect: {server_key: '\(Self.key)'}"), "subscribe.connect.address: is missing"),
            (yaml(subscribe: "bind: {address: \"tcp://127.0.0.1:1\"}"), "subscribe.bind: must be text or a list of texts"),
            (yaml(publish: "bind: \"tcp://*:1\", insecure: 1"), "publish.insecure: must be true or false"),
        ]
        for (text, expected) in cases { #expect(problems(text).contains { $0.contains(expected) }, "\(expected): \(problems(text))") }
    }

    @Test func paths_AreRelativeToTheFile_AndACredentialIsSystemds() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(yaml(more: "security: {secret_key: k, allowed_keys: a}"), to: "c.yaml")
        var security = try #require(try Configuration(path: path).security)
        #expect(security.key == .file("\(folder.path)/k") && security.allowedKeys == "\(folder.path)/a")
        #expect(try security.keyPath() == "\(folder.path)/k")
        security.key = .credential("curve")
        // Tests are no service of systemd's.
        #expect { try security.keyPath() } throws: { "\($0)".contains("LoadCredential=curve:/etc/flawd/flawd.key") }
    }

    @Test func section_SecuresWhatItShould() throws {
        let pair = try CurveKeyPair(), key = try CurveKey(Self.key)
        var section = SectionSecurity()
        section.serverKeys = ["tcp://10.0.0.5:1": key]
        let tcp = Endpoint(.bind, "tcp://127.0.0.1:1"), ipc = Endpoint(.bind, "ipc:///run/x"), camera = Endpoint(.connect, "tcp://10.0.0.5:1"), other = Endpoint(.connect, "tcp://127.0.0.1:2")
        #expect(section.secured(tcp, with: pair, for: .publish).security == .server(pair, for: .publish))
        #expect(section.secured(tcp, with: nil, for: .publish).security == .plain && section.secured(ipc, with: pair, for: .publish).security == .plain)
        #expect(section.secured(camera, with: pair, for: .publish).security == .client(pair, of: key))
        #expect(section.secured(other, with: pair, for: .publish).security == .plain)
        section.isInsecure = true
        #expect(section.secured(tcp, with: pair, for: .publish).security == .plain)
        // A key that was given is used all the same.
        #expect(section.secured(camera, with: pair, for: .publish).security == .client(pair, of: key))
    }
}
