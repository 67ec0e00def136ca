import CMosquitto
import Foundation
import Testing
@testable import Streaming

@Suite struct MQTTBrokerTests {
    @Test(arguments: [
        ("mqtt://a", "a", 1883, false, "mqtt://a:1883"), ("mqtts://a", "a", 8883, true, "mqtts://a:8883"), ("mqtt://broker.plant:1", "broker.plant", 1, false, "mqtt://broker.plant:1"),
        ("mqtts://[::1]:65535", "::1", 65535, true, "mqtts://[::1]:65535"), ("mqtt://[fe80::1]", "fe80::1", 1883, false, "mqtt://[fe80::1]:1883"),
    ])
    func address_IsRead(_ address: String, _ host: String, _ port: Int, _ isEncrypted: Bool, _ description: String) throws {
        let broker = try MQTTBroker(address)
        #expect(broker.host == host && broker.port == port && broker.isEncrypted == isEncrypted && broker.description == description)
    }

    @Test(arguments: [
        ("", "mqtt://host:1883"), ("tcp://a:1", "mqtt://host:1883"), ("MQTT://a", "mqtt://host:1883"), ("mqtt://", "host is missing"), ("mqtt://:1883", "host is missing"),
        ("mqtt://a b:1", "host is missing"), ("mqtt://a\n:1", "host is missing"), ("mqtt://\(String(repeating: "a", count: 256))", "host is missing"),
        ("mqtt://a:", "port"), ("mqtt://a:0", "port"), ("mqtt://a:65536", "port"), ("mqtt://a:+1", "port"), ("mqtt://a:1x", "port"),
        ("mqtt://a:99999999999999999999", "port"), ("mqtt://a:1/t", "nothing follows"), ("mqtt://a/", "nothing follows"), ("mqtt://user:word@a:1", "password_file"),
        ("mqtt://::1", "[address]:port"), ("mqtt://[::1", "[address]:port"), ("mqtt://[::1]1", "[address]:port"),
    ])
    func address_IsRefused_WithWhatWouldBeRight(_ address: String, _ advice: String) {
        #expect { try MQTTBroker(address) } throws: { ($0 as? MQTTError)?.description.contains(advice) == true }
    }

    @Test(arguments: [
        ("localhost", true), ("LocalHost", true), ("127.0.0.1", true), ("127.255.1.2", true), ("[::1]", true), ("128.0.0.1", false), ("127.0.0.1.example", false),
        ("127.1", false), ("localhost.example", false), ("[::2]", false), ("[::]", false), ("0.0.0.0", false), ("[1::1]", false),
    ])
    func loopback_IsThisMachineAlone(_ host: String, _ isLoopback: Bool) throws {
        #expect(try MQTTBroker("mqtt://\(host):1").isLoopback == isLoopback)
    }
}

@Suite struct MQTTTopicTests {
    @Test func topics_KeepSlashes_AndEncodeWhatMQTTForbids() throws {
        let topics = try MQTTTopics(prefix: "plant/flawd", line: "press4")
        #expect(topics.verdict(of: "line1/top") == "plant/flawd/press4/line1/top/verdict")
        #expect(topics.missing(of: "a+b") == "plant/flawd/press4/a%2Bb/missing")
        #expect(topics.state(of: "#1 50%/\u{0}\u{85}\u{FFFE}ü😀") == "plant/flawd/press4/%231 50%25/%00%C2%85%EF%BF%BEü😀/state")
        #expect(topics.status == "plant/flawd/press4/status" && topics.gone == "plant/flawd/press4/gone")
        #expect(MQTTTopics.levels(of: "$SYS//") == "$SYS//", "only a topic's first level may not begin with $")
        #expect(MQTTTopics.levels(of: String(repeating: "/", count: 66)) == String(repeating: "/", count: 63) + "%2F%2F%2F")
    }

    @Test(arguments: [
        ("flawd", "", "the line's name"), ("flawd", "a/b", "no /"), ("flawd", "+", "the line's name"), ("flawd", "a#", "the line's name"), ("flawd", "a\u{0}", "the line's name"),
        ("flawd", String(repeating: "a", count: 201), "the line's name"), ("", "a", "the prefix"), ("a/+", "a", "the prefix"), ("$SYS", "a", "begin with $"),
        ("/a", "a", "begins nor ends"), ("a/", "a", "begins nor ends"), ("a\n", "a", "the prefix"),
    ])
    func prefixAndLine_AreRefused_WithWhatWouldBeRight(_ prefix: String, _ line: String, _ advice: String) {
        #expect { try MQTTTopics(prefix: prefix, line: line) } throws: { ($0 as? MQTTError)?.description.contains(advice) == true }
    }

    /// By the library's own rules, for names of every kind.
    @Test func everyName_HasATopicOfItsOwn_ThatMQTTAllows() throws {
        let topics = try MQTTTopics(line: "l")
        var generator = SeededGenerator(state: 11), names: Set<String> = [String(repeating: "/", count: 200), String(repeating: "+", count: 200), "%2F", "/"]
        let alphabet = ["/", "+", "#", "%", "2", "B", "F", "\u{0}", "\u{7F}", "\u{9F}", "\u{1FFFF}", "ü", "😀", "a"]
            + [0xFDD0, 0xFDEF].compactMap { Unicode.Scalar($0) }.map { String($0) }
        while names.count < 3000 {
            names.insert((0..<Int.random(in: 1...40, using: &generator)).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }.joined())
        }
        // Compared as bytes: Swift takes strings for equal that MQTT does not.
        let made = names.map { topics.verdict(of: $0) }
        #expect(Set(made.map { Array($0.utf8) }).count == Set(names.map { Array($0.utf8) }).count)
        for topic in made {
            #expect(mosquitto_pub_topic_check(topic) == 0 && mosquitto_validate_utf8(topic, Int32(topic.utf8.count)) == 0, "\(topic.debugDescription)")
            #expect(topic.utf8.count < 65535 && !topic.contains("\0"))
        }
    }
}

@Suite struct MQTTFileTests {
    private func file(_ text: String, mode: Int = 0o600) throws -> (folder: JournalFile, path: String) {
        let folder = try JournalFile(), path = "\(folder.folder)/password"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return (folder, path)
    }

    @Test(arguments: [("secret", "secret"), ("secret\n", "secret"), (" of a p l c \n\n", " of a p l c "), ("pä😀", "pä😀")])
    func password_IsTheFilesOneLine(_ text: String, _ password: String) throws {
        let (folder, path) = try file(text)
        #expect(try MQTTSettings.password(in: path) == password)
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [("", "one line"), ("\n", "one line"), ("a\nb", "one line"), ("a\0b", "no password"), (String(repeating: "a", count: 1025), "no password")])
    func whatIsNoPassword_IsRefused(_ text: String, _ advice: String) throws {
        let (folder, path) = try file(text)
        #expect { try MQTTSettings.password(in: path) } throws: { ($0 as? MQTTError)?.description.contains(advice) == true }
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o601, 0o777]) func secretsThatOthersCanRead_AreRefused(_ mode: Int) throws {
        let (folder, path) = try file("secret", mode: mode)
        var settings = MQTTSettings(broker: try MQTTBroker("mqtts://a"), topics: try MQTTTopics(line: "l"))
        settings.username = "u"
        (settings.passwordFile, settings.keyFile, settings.caFile, settings.certificateFile) = (path, path, path, path)
        let problems = settings.fileProblems
        #expect(problems.count == 2 && problems.allSatisfy { $0.path == path && $0.problem.contains("chmod 600") }, "certificates are for all eyes")
        withExtendedLifetime(folder) {}
    }

    @Test func filesThatAreNotThere_AreNamed() throws {
        let folder = try JournalFile()
        var settings = MQTTSettings(broker: try MQTTBroker("mqtts://a"), topics: try MQTTTopics(line: "l"))
        (settings.passwordFile, settings.keyFile, settings.caFile, settings.certificateFile) = ("/none/p", folder.folder, "/none/ca", nil)
        #expect(Set(settings.fileProblems.map(\.path)) == ["/none/p", folder.folder, "/none/ca"])
        settings.resolveFiles { $0 == "/none/p" ? "/none/q" : $0 }
        #expect(settings.fileProblems.contains { $0.path == "/none/q" })
    }
}
