import Foundation
import Service
import Streaming
import Testing
@testable import flawd

@Suite final class KeyCommandTests {
    private let folder: String
    private var key: String { "\(folder)/flawd.key" }
    private var list: String { "\(folder)/allowed-keys" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-c\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func mode(_ path: String) throws -> Int { try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) }

    @Test func keygen_WritesAFileForItsOwner_AndReplacesNoneUnasked() throws {
        let made = try FlawdProcess("keygen", "--output", key)
        #expect(made.status == 0 && made.lines.count == 1)
        #expect(try mode(key) == 0o600)
        #expect(try CurveKeyFile.read(path: key).publicKey.text == made.lines[0])
        let again = try FlawdProcess("keygen", "-o", key)
        #expect(again.status == 2 && again.errors.contains("is there already; --force replaces it"))
        let shown = try FlawdProcess("keygen", "-o", key, "--show", "--json")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: String])
        #expect(object == ["file": key, "public_key": made.lines[0]])
        let forced = try FlawdProcess("keygen", "-o", key, "--force")
        #expect(forced.status == 0 && forced.lines != made.lines)
        #expect(try FlawdProcess("keygen", "-o", "\(folder)/none/k").status == 2)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        let open = try FlawdProcess("keygen", "-o", key, "--show")
        #expect(open.status == 2 && open.errors.contains("chmod 600") && open.output == "")
    }

    @Test func keys_AreAdded_Listed_AndRevoked() throws {
        let camera = try CurveKeyPair().publicKey, gateway = try CurveKeyPair()
        let certificate = "\(folder)/gw.key"
        try Data("curve\n    public-key = \"\(gateway.publicKey)\"\n".utf8).write(to: URL(fileURLWithPath: certificate))
        #expect(try FlawdProcess("keys", "add", "cam1", camera.text, "--for", "publish", "--list", list).status == 0)
        #expect(try mode(list) == 0o644)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: list)
        #expect(try FlawdProcess("keys", "add", "gw", "--file", certificate, "--list", list).status == 0)
        #expect(try mode(list) == 0o640)
        #expect(try FlawdProcess("keys", "list", "--list", list).lines == ["cam1  \(camera)  publish", "gw  \(gateway.publicKey)  publish, subscribe"])
        let twice = try FlawdProcess("keys", "add", "cam2", camera.text, "--list", list)
        #expect(twice.status == 2 && twice.errors.contains("\(list):1: this key is there already, as cam1"))
        let bad = try FlawdProcess("keys", "add", "cam2", "xyz", "--list", list)
        #expect(bad.status == 2 && bad.errors.contains("the key of cam2: has 3 characters"))
        #expect(try FlawdProcess("keys", "add", "cam2", "--list", list).status == 2)
        #expect(try FlawdProcess("keys", "revoke", "cam1", "--list", list).status == 0)
        let json = try FlawdProcess("keys", "list", "--list", list, "--json")
        let entries = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(entries.count == 1 && entries[0]["name"] as? String == "gw" && entries[0]["allowed_for"] as? [String] == ["publish", "subscribe"])
        let gone = try FlawdProcess("keys", "revoke", "cam1", "--list", list)
        #expect(gone.status == 2 && gone.errors.contains("has no key named \"cam1\"; it has gw"))
        #expect(try FlawdProcess("keys", "list", "--list", "\(folder)/none").status == 2)
    }

    /// Every command that meets another machine wants keys, or the word.
    @Test(arguments: [
        (["watch", "--connect", "tcp://10.255.0.1:1", "--timeout", "0.1"], "tcp://10.255.0.1:1 is another machine"),
        (["watch", "--since", "0", "--catch-up", "tcp://10.255.0.1:1"], "tcp://10.255.0.1:1 is another machine"),
        (["record", "--connect", "tcp://10.255.0.1:1"], "tcp://10.255.0.1:1 is another machine"),
        (["record", "--verdicts", "tcp://10.255.0.1:1"], "tcp://10.255.0.1:1 is another machine"),
        (["record", "--bind", "tcp://*:1"], "Whoever reaches this machine can connect to tcp://*:1"),
        (["replay", "x.jpg", "--bind", "tcp://*:1"], "Whoever reaches this machine can connect to tcp://*:1"),
        (["run", "--regions", "r", "--subscribe", "tcp://127.0.0.1:1", "--publish", "tcp://*:1"], "whoever reaches this machine can connect to tcp://*:1"),
        (["run", "--regions", "r", "--subscribe", "tcp://10.255.0.1:1", "--publish", "tcp://127.0.0.1:1"], "tcp://10.255.0.1:1 is another machine"),
        (["watch", "--connect", "tcp://127.0.0.1:1", "--server-key", SecurityCases.key], "--secret-key FILE"),
        (["watch", "--connect", "tcp://127.0.0.1:1", "--server-key", "nonsense"], "is no file, and as a key it has 8 characters"),
        (["watch", "--server-key", "tcp://127.0.0.1:9=\(SecurityCases.key)"], "--server-key is for tcp://127.0.0.1:9, which no option connects to"),
        (["watch", "--allowed-keys", "x"], "--allowed-keys needs --secret-key"),
    ]) func otherMachines_AreRefused_WithoutKeys(arguments: [String], expected: String) throws {
        let process = try FlawdProcess(arguments)
        #expect(process.status == 2 && process.errors.contains(expected), "\(process.errors)")
    }

    @Test func serverKey_IsForAllAddresses_OrOne() throws {
        let other = try CurveKeyPair().publicKey
        let options = try SecurityOptions.parse(["--server-key", SecurityCases.key, "--server-key", "tcp://a:1=\(other)"])
        let endpoints = [Endpoint(.connect, "tcp://a:1"), Endpoint(.connect, "tcp://b:1"), Endpoint(.bind, "tcp://c:1")]
        let section = try options.section(for: endpoints)
        #expect(section.serverKeys == ["tcp://a:1": other, "tcp://b:1": try CurveKey(SecurityCases.key)])
    }

    @Test func run_TakesKeysFromItsOptions_OrTheFile() throws {
        #expect(try FlawdProcess("keygen", "-o", key).status == 0)
        let base = ["--regions", "r", "--subscribe", "tcp://10.255.0.1:1", "--publish", "tcp://*:2", "--server-key", SecurityCases.key]
        var configuration = try ConfigurationOptions.parse(base + ["--secret-key", key, "--allowed-keys", list]).configuration()
        #expect(configuration.security == .init(key: .file(key), allowedKeys: list))
        #expect(configuration.subscribe.security.serverKeys == ["tcp://10.255.0.1:1": try CurveKey(SecurityCases.key)])
        #expect(throws: InvalidInput.self) { try ConfigurationOptions.parse(base + ["--secret-key", self.key]).configuration() }
        configuration = try ConfigurationOptions.parse(["--regions", "r", "--subscribe", "tcp://10.255.0.1:1", "--publish", "tcp://*:2", "--insecure"]).configuration()
        #expect(configuration.subscribe.security.isInsecure && configuration.publish.security.isInsecure)
        let file = "\(folder)/flawd.yaml"
        try Data("version: 1\nregions: r\nsubscribe: {connect: \"tcp://127.0.0.1:1\"}\npublish: {bind: \"tcp://*:2\"}\nsecurity: {secret_key: flawd.key, allowed_keys: allowed-keys}\n".utf8)
            .write(to: URL(fileURLWithPath: file))
        configuration = try ConfigurationOptions.parse(["--config", file, "--subscribe", "tcp://10.255.0.1:1", "--server-key", SecurityCases.key]).configuration()
        #expect(configuration.security == .init(key: .file(key), allowedKeys: list))
    }
}

enum SecurityCases {
    /// The public key of ZeroMQ's own example.
    static let key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
}
