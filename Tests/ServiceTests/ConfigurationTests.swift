import Foundation
import Streaming
import Testing

@testable import Inspection
@testable import Service

@Suite struct ConfigurationTests {
    static let smallest = """
        version: 1
        regions: regions.yaml
        subscribe: {connect: "tcp://127.0.0.1:5555"}
        publish: {bind: "tcp://127.0.0.1:5556"}
        """

    private static let keys = "version, model, adapters, regions, subscribe, publish, security, journal, recording, mqtt, control, golden, http, pipeline, limits, log"

    private func problems(_ yaml: String) -> [String] {
        do throws(FileError) {
            _ = try Configuration(yaml: yaml, name: "f")
            return []
        } catch {
            return error.findings.map(\.description)
        }
    }

    @Test func smallestFile_HasDefaults() throws {
        let configuration = try Configuration(yaml: Self.smallest, name: "f")
        #expect(configuration.model == "nano" && configuration.regions == "regions.yaml")
        #expect(configuration.subscribe.endpoints == [Endpoint(.connect, "tcp://127.0.0.1:5555")])
        #expect(configuration.publish.endpoints == [Endpoint(.bind, "tcp://127.0.0.1:5556")])
        #expect(configuration.pipeline.queuePerCamera == 8 && configuration.pipeline.policy == .dropOldest)
        #expect(configuration.pipeline.shutdownMs == 3000 && configuration.pipeline.deadlineMs == nil)
        #expect(configuration.pipeline.maxCameras == 64)
        #expect(configuration.journal == nil && configuration.publish.catchUp == [] && configuration.http == nil)
    }

    @Test func environment_CountsBeforeTheFile() throws {
        let folder = try TemporaryFolder(), path = try folder.write(Self.smallest + "\nlog: {level: info}\n", to: "f.yaml")
        let configuration = try Configuration(path: path, environment: [
            "FLAWD__LOG__LEVEL": "debug", "FLAWD__PIPELINE__QUEUE_PER_CAMERA": "3", "FLAWD__SUBSCRIBE__CONNECT": "[tcp://127.0.0.1:1, tcp://127.0.0.1:2]",
            "FLAWD__MODEL": "m.safetensors", "FLAWD__ADAPTERS": "{line1/top: a.safetensors}", "PATH": "/bin", "FLAWD_OTHER": "x",
        ])
        #expect(configuration.logLevel == .debug && configuration.pipeline.queuePerCamera == 3 && configuration.subscribe.endpoints.count == 2)
        #expect(configuration.model == "\(folder.path)/m.safetensors" && configuration.adapters.map(\.path) == ["\(folder.path)/a.safetensors"])
        #expect(configuration.overridden.contains("log.level: debug (FLAWD__LOG__LEVEL)") && configuration.overridden.count == 5)
    }

    @Test(arguments: [
        ("FLAWD__LOG__LEVEL", "loud", "FLAWD__LOG__LEVEL: log.level: must be one of"), ("FLAWD__LOGS__LEVEL", "info", "unknown key \"logs\"; did you mean \"log\"?"),
        ("FLAWD__LOG", "[", "FLAWD__LOG"), ("FLAWD__", "x", "FLAWD__: names no key"), ("FLAWD__MODEL__X", "1", "FLAWD__MODEL__X: model"),
        ("FLAWD__PIPELINE__WORKERS", "", "FLAWD__PIPELINE__WORKERS: pipeline.workers"), ("FLAWD__LOG__LEVEL", "&a b", "anchors"),
    ]) func environment_IsNamedWhereItIsWrong(name: String, value: String, problem: String) throws {
        let folder = try TemporaryFolder(), path = try folder.write(Self.smallest, to: "f.yaml")
        #expect { try Configuration(path: path, environment: [name: value]) } throws: { "\($0)".contains(problem) }
    }

    @Test func control_IsGuardedByFilePermissionsAlone() {
        for address in ["tcp://0.0.0.0:1", "tcp://127.0.0.1:1"] {
            #expect(problems(Self.smallest + "\ncontrol: \(address)\n").first?.contains("control: commands are taken where file permissions say who may give them") == true)
        }
        #expect(problems(Self.smallest + "\ncontrol: [ipc:///run/flawd/control, ipc:///tmp/x]\n") == [])
    }

    @Test func golden_NamesItsSamples() throws {
        let yaml = Self.smallest + "\ngolden: {every_minutes: 30, on_failure: halt, cameras: {line1/top: {good: good, defective: [a.jpg, b.jpg]}}}\n"
        let golden = try #require(try Configuration(yaml: yaml, name: "f").golden)
        #expect(golden.everySeconds == 1800 && golden.onFailure == .halt && golden.cameras.map(\.good) == [["good"]] && golden.cameras[0].defective.count == 2)
        #expect(problems(Self.smallest + "\ngolden: {every_minutes: 30}\n").first?.contains("golden.cameras: is missing") == true)
    }

    @Test func everyKey_IsRead() throws {
        let configuration = try Configuration(
            yaml: """
                version: 1
                model: m.safetensors
                adapters: {line1/top: seal.safetensors, line2/*: weld.safetensors}
                regions: /etc/r.yaml
                subscribe: {connect: [tcp://a:1, ipc:///run/x], bind: tcp://*:2, topics: [line1/, line2/], insecure: true}
                publish: {bind: tcp://0.0.0.0:3, masks: true, overlays: true, insecure: true}
                pipeline: {workers: 3, decoders: 2, threads: 5, queue_per_camera: 4, policy: block, deadline_ms: 70, shutdown_ms: 9}
                http: {bind: "[::1]:9640"}
                limits: {max_width: 100, max_height: 200, max_pixels: 300, max_message_mb: 7, max_cameras: 5, max_frames_per_s: 8, max_catch_up_per_s: 9}
                log: {level: debug}
                """, name: "f")
        #expect(configuration.model == "m.safetensors" && configuration.threads == 5 && configuration.logLevel == .debug)
        #expect(configuration.subscribe.endpoints.map(\.description) == ["connect tcp://a:1", "connect ipc:///run/x", "bind tcp://*:2"])
        #expect(configuration.subscribe.topics == ["line1/", "line2/"])
        #expect(configuration.adapters.map(\.cameras) == [.exact("line1/top"), .prefix("line2/")])
        #expect(configuration.adapters.map(\.path) == ["seal.safetensors", "weld.safetensors"])
        let pipeline = configuration.pipeline
        #expect(pipeline.workers == 3 && pipeline.decoders == 2 && pipeline.queuePerCamera == 4 && pipeline.policy == .block)
        #expect(pipeline.deadlineMs == 70 && pipeline.shutdownMs == 9 && pipeline.maxCameras == 5)
        #expect(configuration.http?.address == HTTPAddress("[::1]:9640"))
        #expect(pipeline.publishesMasks && pipeline.publishesOverlays)
        #expect(configuration.limits.image.maxPixels == 300 && configuration.limits.stream.maxMessageBytes == 7 << 20)
        #expect(configuration.limits.stream.messagesPerSecond == 8 && configuration.limits.maxCatchUpPerSecond == 9)
        #expect(configuration.subscribe.security.isInsecure && configuration.publish.security.isInsecure && configuration.security == nil)
    }

    @Test func journal_IsRead() throws {
        let configuration = try Configuration(
            yaml: """
                \(Self.smallest.replacing("5556\"}", with: "5556\", catch_up: [\"tcp://127.0.0.1:7\", \"ipc:///run/c\"]}"))
                journal: {path: j.sqlite, durability: normal, keep_days: 3, keep_mb: 5, ballast_mb: 1}
                """, name: "f")
        var journal = try #require(configuration.journal)
        #expect(journal.path == "j.sqlite" && journal.settings.durability == .normal)
        #expect(journal.settings.keepSeconds == 3 * 86_400 && journal.settings.keepBytes == 5 << 20 && journal.settings.ballastBytes == 1 << 20)
        #expect(configuration.publish.catchUp == [Endpoint(.bind, "tcp://127.0.0.1:7"), Endpoint(.bind, "ipc:///run/c")])

        journal = try #require(try Configuration(yaml: "\(Self.smallest)\njournal: {path: j}", name: "f").journal)
        #expect(journal.settings == JournalSettings() && journal.settings.durability == .full)
        journal = try #require(try Configuration(yaml: "\(Self.smallest)\njournal: {path: j, keep_days: 0, keep_mb: 0, ballast_mb: 0}", name: "f").journal)
        #expect(journal.settings.keepSeconds == nil && journal.settings.keepBytes == nil && journal.settings.ballastBytes == 0)
    }

    @Test func http_ForEveryone_TakesThatWord() throws {
        let configuration = try Configuration(yaml: "\(Self.smallest)\nhttp: {bind: \"0.0.0.0:9640\", insecure: true}", name: "f")
        #expect(configuration.http?.address.isLoopback == false)
    }

    @Test func mqtt_IsRead_AndItsFilesAreRelativeToTheConfiguration() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            """
            \(Self.smallest)
            journal: {path: j}
            mqtt: {broker: "mqtts://b.plant", line: press 4, prefix: a/b, username: u, password_file: p, ca_file: /ca, cert_file: c, key_file: k,
                   client_id: me, keepalive_s: 7, protocol: 3.1.1}
            """, to: "c.yaml")
        let mqtt = try #require(try Configuration(path: path).mqtt)
        #expect(mqtt.broker.description == "mqtts://b.plant:8883" && mqtt.topics.verdict(of: "c") == "a/b/press 4/c/verdict")
        #expect(mqtt.username == "u" && mqtt.clientID == "me" && mqtt.keepAliveSeconds == 7 && mqtt.version == .three)
        #expect([mqtt.passwordFile, mqtt.caFile, mqtt.certificateFile, mqtt.keyFile] == ["\(folder.path)/p", "/ca", "\(folder.path)/c", "\(folder.path)/k"])

        let smallest = try #require(try Configuration(yaml: "\(Self.smallest)\njournal: {path: j}\nmqtt: {broker: \"mqtt://localhost\", line: l, protocol: 5}", name: "f").mqtt)
        #expect(smallest.topics.status == "flawd/l/status" && smallest.clientID == "flawd-l" && smallest.keepAliveSeconds == 15 && smallest.version == .five)
        #expect(smallest.username == nil && smallest.passwordFile == nil && smallest.broker.port == 1883)
        let trusting = try Configuration(yaml: "\(Self.smallest)\njournal: {path: j}\nmqtt: {broker: \"mqtt://b.plant\", line: l, insecure: true}", name: "f")
        #expect(trusting.mqtt?.broker.host == "b.plant")
    }

    static let mqttMistakes: [(mqtt: String, expected: String)] = [
        ("{line: l}", "mqtt.broker: is missing; name the broker, such as mqtts://broker.plant:8883"),
        ("{broker: \"mqtts://b\"}", "mqtt.line: is missing; name this line's level of the topics"),
        ("{broker: \"tcp://b\", line: l}", "mqtt.broker: 'tcp://b': an address is mqtt://host:1883, or mqtts://host:8883 for TLS"),
        ("{broker: \"mqtts://u:p@b\", line: l}", "mqtt.broker: 'mqtts://u:p@b': user and password have keys of their own: username and password_file"),
        ("{broker: \"mqtts://b\", line: a/b}", "mqtt.line: the line's name has no /: it is one level of the topics"),
        ("{broker: \"mqtts://b\", line: l, prefix: \"$x\"}", "mqtt.prefix: topics that begin with $ are the broker's own"),
        ("{broker: \"mqtts://b\", line: l, prefix: \"x#\"}", "mqtt.prefix: the prefix has 1 to 200 bytes, none of them +, # or a control character"),
        (
            "{broker: \"mqtt://b.plant\", line: l}",
            "mqtt.broker: mqtt://b.plant:1883 is another machine, and there is no TLS: use mqtts://, or say insecure: true if that network is yours alone"
        ),
        ("{broker: \"mqtt://127.0.0.1\", line: l, ca_file: c}", "mqtt.ca_file: is for TLS; write the broker as mqtts://…"),
        ("{broker: \"mqtts://b\", line: l, password_file: p}", "mqtt.password_file: needs username"),
        ("{broker: \"mqtts://b\", line: l, cert_file: p}", "mqtt.cert_file: needs key_file"),
        ("{broker: \"mqtts://b\", line: l, key_file: p}", "mqtt.key_file: needs cert_file"),
        ("{broker: \"mqtts://b\", line: l, keepalive_s: 4}", #"mqtt.keepalive_s: must be a whole number from 5 to 3600, not "4""#),
        ("{broker: \"mqtts://b\", line: l, protocol: 4}", #"mqtt.protocol: must be one of 5, 3.1.1, not "4""#),
        ("{broker: \"mqtts://b\", line: l, password: secret}", #"mqtt: unknown key "password"; did you mean "password_file"?"#),
    ]

    @Test(arguments: mqttMistakes.indices) func mqttMistakes_AreNamed(_ index: Int) {
        let (mqtt, expected) = Self.mqttMistakes[index]
        let found = problems("\(Self.smallest)\njournal: {path: j}\nmqtt: \(mqtt)")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test func mqttWithoutAJournal_IsRefused() {
        #expect(problems("\(Self.smallest)\nmqtt: {broker: \"mqtts://b\", line: l}") == ["f:5:7: mqtt: needs journal:, which keeps verdicts while the broker is away"])
    }

    static let mistakes: [(name: String, yaml: String, expected: [String])] = [
        ("adapter of odd cameras", "\(smallest)\nadapters: {\"a*b\": x}", [#"f:5:12: adapters: "a*b": a * may stand only at the end of a camera's name"#]),
        (
            "one address bound twice", "\(smallest)\n".replacingOccurrences(of: "{connect: \"tcp://127.0.0.1:5555\"}", with: "{bind: \"tcp://127.0.0.1:5556\"}"),
            ["f:4:17: publish.bind: tcp://127.0.0.1:5556 is bound twice; only one socket can have it"]),
        ("unknown key", "\(smallest)\npipelin: {}", [#"f:5:1: unknown key "pipelin"; did you mean "pipeline"?"#]),
        (
            "nothing like a key", "\(smallest)\nxyzzy: 1",
            ["f:5:1: unknown key \"xyzzy\"; known here: \(keys)"]
        ),
        ("journal without a path", "\(smallest)\njournal: {keep_days: 1}", ["f:5:10: journal.path: is missing; name the journal's file"]),
        ("unknown key of the journal", "\(smallest)\njournal: {path: j, keep_day: 1}", [#"f:5:20: journal: unknown key "keep_day"; did you mean "keep_days"?"#]),
        (
            "durability", "\(smallest)\njournal: {path: j, durability: ful}",
            [#"f:5:32: journal.durability: must be one of full, normal, not "ful"; did you mean "full"?"#]
        ),
        (
            "days", "\(smallest)\njournal: {path: j, keep_days: -1}",
            [#"f:5:31: journal.keep_days: must be a whole number from 0 to 36500, not "-1""#]
        ),
        (
            "megabytes", "\(smallest)\njournal: {path: j, keep_mb: 16777217}",
            [#"f:5:29: journal.keep_mb: must be a whole number from 0 to 16777216, not "16777217""#]
        ),
        (
            "catch-up without a journal", smallest.replacing("5556\"}", with: "5556\", catch_up: \"tcp://127.0.0.1:7\"}"),
            ["f:1:1: journal: is missing; publish.catch_up answers from a journal"]
        ),
        (
            "catch-up where verdicts go", "\(smallest.replacing("5556\"}", with: "5556\", catch_up: \"tcp://127.0.0.1:5556\"}"))\njournal: {path: j}",
            ["f:4:51: publish.catch_up: tcp://127.0.0.1:5556 is bound twice; only one socket can have it"]
        ),
        (
            "catch-up at no address", "\(smallest.replacing("5556\"}", with: "5556\", catch_up: [\"tcp://127.0.0.1:7\", x, \"tcp://127.0.0.1:7\"]}"))\njournal: {path: j}",
            ["f:4:73: publish.catch_up[1]: cannot bind 'x': an address is tcp://host:port or ipc://path", "f:4:76: publish.catch_up[2]: tcp://127.0.0.1:7 is bound twice; only one socket can have it"]
        ),
        ("HTTP without an address", "\(smallest)\nhttp: {}", ["f:5:7: http.bind: is missing; give an address such as 127.0.0.1:9640"]),
        (
            "HTTP at a name", "\(smallest)\nhttp: {bind: \"example.com:80\"}",
            [#"f:5:14: http.bind: "example.com:80" is no address such as 127.0.0.1:9640, [::1]:9640 or localhost:9640"#]
        ),
        (
            "HTTP for everyone", "\(smallest)\nhttp: {bind: \"0.0.0.0:9640\", insecure: false}",
            [
                "f:5:14: http.bind: 0.0.0.0:9640 is open to other machines, and HTTP here is not encrypted: give a loopback address and put a proxy in front, or say `insecure: true`"
            ]
        ),
        ("version", smallest.replacing("version: 1", with: "version: 2"), ["f:1:10: version: must be 1, not 2: this flawd reads version 1"]),
        ("no version", smallest.replacing("version: 1\n", with: ""), ["f:1:1: version: is missing; this is version 1"]),
        ("no regions", smallest.replacing("regions: regions.yaml\n", with: ""), ["f:1:1: regions: is missing; name the region file"]),
        (
            "range", "\(smallest)\npipeline: {queue_per_camera: 0}",
            [#"f:5:30: pipeline.queue_per_camera: must be a whole number from 1 to 256, not "0""#]
        ),
        (
            "quoted number", "\(smallest)\npipeline: {workers: \"2\"}",
            [#"f:5:21: pipeline.workers: must be a whole number from 1 to 64, not "2""#]
        ),
        (
            "huge number", "\(smallest)\npipeline: {workers: 99999999999999999999}",
            [#"f:5:21: pipeline.workers: must be a whole number from 1 to 64, not "99999999999999999999""#]
        ),
        (
            "choice", "\(smallest)\npipeline: {policy: drop_oldst}",
            [#"f:5:20: pipeline.policy: must be one of drop_oldest, block, not "drop_oldst"; did you mean "drop_oldest"?"#]
        ),
        ("boolean", smallest.replacing("5556\"}", with: "5556\", masks: 1}"), [#"f:4:48: publish.masks: must be true or false, not "1""#]),
        ("not a mapping", "\(smallest)\nlimits: [1]", ["f:5:9: limits: must be a mapping with the keys max_width, max_height, max_pixels, max_message_mb, max_cameras, max_frames_per_s, max_catch_up_per_s"]),
        ("list", "- 1", ["f:1:1: must be a mapping with the keys \(keys)"]),
        (
            "no address", smallest.replacing("{bind: \"tcp://127.0.0.1:5556\"}", with: "{masks: true}"),
            ["f:4:10: publish.connect: is missing; give connect or bind an address such as tcp://127.0.0.1:5555"]
        ),
        (
            "inproc", smallest.replacing("tcp://127.0.0.1:5556", with: "inproc://x"),
            [#"f:4:17: publish.bind: "inproc://x" ends at this process: use tcp://host:port or ipc://path"#]
        ),
    ]

    @Test(arguments: mistakes.indices) func mistakes_AreNamedWithTheirPlace(_ index: Int) {
        let (name, yaml, expected) = Self.mistakes[index]
        #expect(problems(yaml) == expected, "\(name)")
    }

    @Test func allFindings_AreListed_InTheOrderOfTheFile() {
        let lines = problems("version: 3\nmodle: x\nsubscribe: {connect: [tcp://a, {}]}\npublish: []\nlog: {level: inf}\n")
        #expect(lines.count == 7)
        #expect(lines.map { $0.split(separator: ":")[1] } == ["1", "1", "2", "3", "3", "4", "5"])
    }

    @Test func notYAML_IsSaidWithItsLine() {
        #expect(problems("version: 1\n  bad: [").first?.hasPrefix("f:2:") == true)
        #expect(problems("version: 1\nversion: 1").first?.contains("key given twice: version") == true)
        #expect(problems("") == ["f: is empty; expected the keys \(Self.keys)"])
        #expect(problems(String(repeating: "[", count: 100_000)).count == 1)
        #expect(problems(String(repeating: "a: {", count: 20_000)).count == 1)
        #expect(!problems("&a [*a, *a]").isEmpty)
    }

    @Test func files_OfEveryKindOfTrouble_AreErrors() throws {
        let folder = try TemporaryFolder()
        func failure(_ path: String) -> String {
            do throws(FileError) { _ = try Configuration(path: path) } catch { return error.description }
            return ""
        }
        #expect(failure("\(folder.path)/none.yaml").contains("cannot be opened"))
        #expect(failure(folder.path) != "")
        let huge = try folder.write(String(repeating: "# \n", count: 400_000), to: "huge.yaml")
        #expect(failure(huge).contains("larger than 1 MiB"))
        let binary = "\(folder.path)/binary.yaml"
        try Data([0xFF, 0xFE, 0x00]).write(to: URL(fileURLWithPath: binary))
        #expect(failure(binary).contains("not UTF-8"))
    }

    @Test func byteOrderMarkAndCarriageReturns_AreNoTrouble_AndPathsAreRelativeToTheFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("\u{FEFF}" + Self.smallest.replacing("\n", with: "\r\n") + "\r\nmodel: m.safetensors\r\n", to: "c.yaml")
        let configuration = try Configuration(path: path)
        #expect(configuration.regions == "\(folder.path)/regions.yaml")
        #expect(configuration.model == "\(folder.path)/m.safetensors")
        for (file, expected) in [("j.sqlite", "\(folder.path)/j.sqlite"), ("/var/lib/j", "/var/lib/j")] {
            let path = try folder.write("\(Self.smallest)\njournal: {path: \(file)}\n", to: "d.yaml")
            #expect(try Configuration(path: path).journal?.path == expected)
        }
    }

    @Test func schema_KnowsTheSameKeys() throws {
        let schema = try #require(try JSONSerialization.jsonObject(with: Data(ConfigurationSchema.text.utf8)) as? [String: Any])
        let top = try #require(schema["properties"] as? [String: Any])
        // A key that the reader does not know is a finding that lists or guesses keys; one that it knows is not.
        for (key, value) in top {
            let nested = (value as? [String: Any])?["properties"] as? [String: Any]
            #expect(!problems("\(key): 1").contains { $0.contains("unknown key") })
            for inner in (nested ?? [:]).keys { #expect(!problems("\(key): {\(inner): 1}").contains { $0.contains("unknown key") }) }
        }
    }

    /// What the schema, and the manual made from it, say of a key that is left out is what the reader does.
    @Test func schemasDefaults_AreTheReaders() throws {
        let schema = try #require(try JSONSerialization.jsonObject(with: Data(ConfigurationSchema.text.utf8)) as? [String: Any])
        let top = try #require(schema["properties"] as? [String: [String: Any]])
        let needed = ["journal": "path: j", "recording": "folder: r"]
        let besides = ["before": "frames: failures", "after": "frames: failures", "every": "frames: sampled"]
        var checked = 0
        for (name, section) in top where name != "version" && !Self.smallest.contains("\n\(name):") {
            if let standard = section["default"] {
                #expect(try Configuration(yaml: "\(Self.smallest)\n\(name): \(standard)\n", name: "c") == Configuration(yaml: Self.smallest, name: "c"), "\(name)")
            }
            for (key, value) in section["properties"] as? [String: [String: Any]] ?? [:] {
                guard let standard = value["default"] else { continue }
                let others = [needed[name], besides[key]].compactMap(\.self).joined(separator: ", ")
                // A flag is an NSNumber as well.
                let text = value["type"] as? String == "boolean" ? "\(standard as? Bool == true)" : "\(standard)"
                let without = "\(Self.smallest)\n\(name): {\(others)}\n"
                let with = "\(Self.smallest)\n\(name): {\(others)\(others.isEmpty ? "" : ", ")\(key): \(text)}\n"
                // A section that `needed` does not make whole has the same findings either way.
                #expect(problems(with) == problems(without), "\(name).\(key)")
                guard let configuration = try? Configuration(yaml: without, name: "c") else { continue }
                #expect(try Configuration(yaml: with, name: "c") == configuration, "\(name).\(key)")
                checked += 1
            }
        }
        #expect(checked >= 20)
    }

    @Test func nearestName_IsASlipAway_OrNothing() {
        #expect(nearest(to: "wokers", among: ["workers", "threads"]) == "workers")
        #expect(nearest(to: "Threads", among: ["workers", "threads"]) == "threads")
        #expect(nearest(to: "banana", among: ["workers", "threads"]) == nil)
        #expect(nearest(to: String(repeating: "w", count: 100_000), among: ["workers"]) == nil)
    }
}
