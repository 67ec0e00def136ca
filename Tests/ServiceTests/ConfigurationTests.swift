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
        #expect(configuration.journal == nil && configuration.publish.catchUp == [])
    }

    @Test func environment_CountsBeforeTheFile() throws {
        let folder = try TemporaryFolder(), path = try folder.write(Self.smallest + "\nlog: {level: info}\n", to: "f.yaml")
        let configuration = try Configuration(path: path, environment: [
            "FLAWD__LOG__LEVEL": "debug", "FLAWD__PIPELINE__QUEUE_PER_CAMERA": "3", "FLAWD__SUBSCRIBE__CONNECT": "[tcp://a:1, tcp://b:2]",
            "FLAWD__MODEL": "m.safetensors", "FLAWD__ADAPTERS": "{line1/top: a.safetensors}", "PATH": "/bin", "FLAWD_OTHER": "x",
        ])
        #expect(configuration.logLevel == .debug && configuration.pipeline.queuePerCamera == 3 && configuration.subscribe.endpoints.count == 2)
        #expect(configuration.model == "\(folder.path)/m.safetensors" && configuration.adapters.map(\.path) == ["\(folder.path)/a.safetensors"])
        #expect(configuration.overridden.contains("log.level: debug (FLAWD__LOG__LEVEL)") && configuration.overridden.count == 5)
    }

    @Test(arguments: [
        ("FLAWD__LOG__LEVEL", "loud", "FLAWD__LOG__LEVEL: log.level: must be one of"), ("FLAWD__LOGS__LEVEL", "info", "unknown key \"logs\"; did you mean \"log\"?"),
        ("FLAWD__LOG", "[", "FLAWD__LOG"), ("FLAWD__", "x", "FLAWD__: names no key"), ("FLAWD__MODEL__X", "1", "FLAWD__MODEL: model"),
        ("FLAWD__PIPELINE__WORKERS", "", "FLAWD__PIPELINE__WORKERS: pipeline.workers"), ("FLAWD__LOG__LEVEL", "&a b", "anchors"),
    ]) func environment_IsNamedWhereItIsWrong(name: String, value: String, problem: String) throws {
        let folder = try TemporaryFolder(), path = try folder.write(Self.smallest, to: "f.yaml")
        #expect { try Configuration(path: path, environment: [name: value]) } throws: { "\($0)".contains(problem) }
    }

    @Test func control_IsForThisMachineAlone() {
        #expect(problems(Self.smallest + "\ncontrol: tcp://0.0.0.0:1\n").first?.contains("control: commands are taken from this machine alone") == true)
        #expect(problems(Self.smallest + "\ncontrol: [ipc:///run/flawd/control, tcp://127.0.0.1:1, \"tcp://[::1]:1\", tcp://localhost:1]\n") == [])
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
                subscribe: {connect: [tcp://a:1, ipc:///run/x], bind: tcp://*:2, topics: [line1/, line2/]}
                publish: {bind: tcp://0.0.0.0:3, masks: true, overlays: true}
                pipeline: {workers: 3, decoders: 2, threads: 5, queue_per_camera: 4, policy: block, deadline_ms: 70, shutdown_ms: 9}
                limits: {max_width: 100, max_height: 200, max_pixels: 300, max_message_mb: 7, max_cameras: 5}
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
        #expect(pipeline.publishesMasks && pipeline.publishesOverlays)
        #expect(configuration.limits.image.maxPixels == 300 && configuration.limits.stream.maxMessageBytes == 7 << 20)
    }

    @Test func journal_IsRead() throws {
        let configuration = try Configuration(
            yaml: """
                \(Self.smallest.replacing("5556\"}", with: "5556\", catch_up: [\"tcp://*:7\", \"ipc:///run/c\"]}"))
                journal: {path: j.sqlite, durability: normal, keep_days: 3, keep_mb: 5, ballast_mb: 1}
                """, name: "f")
        var journal = try #require(configuration.journal)
        #expect(journal.path == "j.sqlite" && journal.settings.durability == .normal)
        #expect(journal.settings.keepSeconds == 3 * 86_400 && journal.settings.keepBytes == 5 << 20 && journal.settings.ballastBytes == 1 << 20)
        #expect(configuration.publish.catchUp == [Endpoint(.bind, "tcp://*:7"), Endpoint(.bind, "ipc:///run/c")])

        journal = try #require(try Configuration(yaml: "\(Self.smallest)\njournal: {path: j}", name: "f").journal)
        #expect(journal.settings == JournalSettings() && journal.settings.durability == .full)
        journal = try #require(try Configuration(yaml: "\(Self.smallest)\njournal: {path: j, keep_days: 0, keep_mb: 0, ballast_mb: 0}", name: "f").journal)
        #expect(journal.settings.keepSeconds == nil && journal.settings.keepBytes == nil && journal.settings.ballastBytes == 0)
    }

    static let mistakes: [(name: String, yaml: String, expected: [String])] = [
        ("adapter of odd cameras", "\(smallest)\nadapters: {\"a*b\": x}", [#"f:5:12: adapters: "a*b": a * may stand only at the end of a camera's name"#]),
        (
            "one address bound twice", "\(smallest)\n".replacingOccurrences(of: "{connect: \"tcp://127.0.0.1:5555\"}", with: "{bind: \"tcp://127.0.0.1:5556\"}"),
            ["f:4:17: publish.bind: tcp://127.0.0.1:5556 is bound twice; only one socket can have it"]),
        ("unknown key", "\(smallest)\npipelin: {}", [#"f:5:1: unknown key "pipelin"; did you mean "pipeline"?"#]),
        (
            "nothing like a key", "\(smallest)\nxyzzy: 1",
            [#"f:5:1: unknown key "xyzzy"; known here: version, model, adapters, regions, subscribe, publish, journal, recording, control, golden, pipeline, limits, log"#]
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
            "catch-up without a journal", smallest.replacing("5556\"}", with: "5556\", catch_up: \"tcp://*:7\"}"),
            ["f:1:1: journal: is missing; publish.catch_up answers from a journal"]
        ),
        (
            "catch-up where verdicts go", "\(smallest.replacing("5556\"}", with: "5556\", catch_up: \"tcp://127.0.0.1:5556\"}"))\njournal: {path: j}",
            ["f:4:51: publish.catch_up: tcp://127.0.0.1:5556 is bound twice; only one socket can have it"]
        ),
        (
            "catch-up at no address", "\(smallest.replacing("5556\"}", with: "5556\", catch_up: [\"tcp://*:7\", x, \"tcp://*:7\"]}"))\njournal: {path: j}",
            ["f:4:65: publish.catch_up[1]: cannot bind 'x': an address is tcp://host:port or ipc://path", "f:4:68: publish.catch_up[2]: tcp://*:7 is bound twice; only one socket can have it"]
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
        ("not a mapping", "\(smallest)\nlimits: [1]", ["f:5:9: limits: must be a mapping with the keys max_width, max_height, max_pixels, max_message_mb, max_cameras"]),
        ("list", "- 1", ["f:1:1: must be a mapping with the keys version, model, adapters, regions, subscribe, publish, journal, recording, control, golden, pipeline, limits, log"]),
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
        #expect(problems("") == ["f: is empty; expected the keys version, model, adapters, regions, subscribe, publish, journal, recording, control, golden, pipeline, limits, log"])
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
