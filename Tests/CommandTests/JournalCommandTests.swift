import ArgumentParser
import Foundation
import Inspection
import Service
import Streaming
import Testing
@testable import flawd

/// A small journal: two cameras, what is missing, and a frame with two regions.
private final class SmallJournal {
    let folder: String
    var path: String { "\(folder)/j.sqlite" }
    let events: [[UInt8]]
    static let revision = String(repeating: "a", count: 64)

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let archive = RegionArchive()
        archive.add(try RegionFile(yaml: Self.regions, name: "r.yaml"))
        let revision = try RegionFile(yaml: Self.regions, name: "r.yaml").revision
        func verdict(_ camera: String, _ sequence: UInt64, _ arrival: FrameArrival, _ verdict: Verdict, part: String? = nil, at seconds: Int64) -> PipelineEvent {
            let isInspected = verdict != .uninspected
            let regions = [
                RegionResult(name: "=seal,\"x\"", verdict: verdict, score: 0.75, agreement: 1, because: ["score 0.75", "area"], defectCount: 1),
                RegionResult(name: "label", verdict: .pass, score: 0.25, agreement: 0.5),
            ]
            return .verdict(
                VerdictEvent(
                    seq: 0, epoch: "", camera: camera, sequence: sequence, arrival: arrival, partID: part, receivedUTCNs: 5,
                    publishedUTCNs: Self.start + seconds * 1_000_000_000, latencyNs: ["total": 1_000_000], verdict: verdict,
                    reason: isInspected ? nil : .overload, detail: isInspected ? nil : "too fast", regions: isInspected ? regions : [],
                    roiRevision: isInspected ? revision : nil, model: "m", build: "b"))
        }
        var events = [
            verdict("line1/top", 1, .first, .pass, part: "-12", at: 0), verdict("line1/top", 2, .next, .fail, part: "+A1(B)", at: 1),
            verdict("line2/top", 9, .first, .uninspected, part: "@x,\u{301}\"", at: 2),
            .missing(MissingEvent(seq: 0, epoch: "", camera: "line1/top", first: 3, last: 5, publishedUTCNs: Self.start + 3_000_000_000)),
            verdict("line1/top", 6, .gap, .review, part: "two\nlines", at: 4),
        ]
        var settings = JournalSettings()
        settings.durability = .normal
        settings.ballastBytes = 0
        let ledger = try JournalLedger(path: "\(folder)/j.sqlite", settings: settings, regions: archive)
        try ledger.commit(&events)
        self.events = events.map { event in
            switch event {
            case .verdict(let event): event.json
            case .missing(let event): event.json
            }
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static let regions = "version: 1\ncameras:\n  line1/*:\n    regions:\n      - {name: seal, shape: {frame: true}}\n"
    /// 2026-11-25T06:00:00Z
    static let start: Int64 = 1_795_586_400_000_000_000

    func write(_ lines: [[UInt8]], to name: String) throws -> String {
        try Data(lines.joined(separator: [UInt8(ascii: "\n")])).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        return "\(folder)/\(name)"
    }
}

@Suite struct JournalCommandTests {
    @Test func stats_CountByCamera() throws {
        let journal = try SmallJournal()
        let text = try FlawdProcess("journal", "stats", journal.path)
        #expect(text.status == 0 && text.errors == "")
        #expect(text.lines.first?.hasSuffix(": 5 events 1 to 5, 5 numbered since it was begun") == true)
        #expect(text.lines.contains("from 2026-11-25T06:00:00Z to 2026-11-25T06:00:04Z"))
        #expect(text.lines.contains("line1/top: 3 frames in 1 sessions: pass 1, review 1, fail 1, uninspected 0, missing 3"))
        #expect(text.lines.contains("line2/top: 1 frames in 1 sessions: pass 0, review 0, fail 0, uninspected 1 (overload 1), missing 0"))
        let json = try FlawdProcess("journal", "stats", "--json", journal.path)
        #expect(try JSONDecoder().decode(JournalStatistics.self, from: Data(json.output.utf8)) == JournalReader(path: journal.path).statistics())
    }

    @Test func show_PrintsTheNewest_OrOneEventAsItWasPublished() throws {
        let journal = try SmallJournal()
        let newest = try FlawdProcess("journal", "show", journal.path, "--limit", "2")
        #expect(newest.status == 0 && newest.lines.count == 2)
        #expect(newest.lines.first?.hasPrefix("4  06:00:03.000  line1/top #3–5  MISSING") == true)
        #expect(newest.lines.last?.contains("line1/top #6 two\u{FFFD}lines  REVIEW") == true, "\(newest.lines)")
        let json = try FlawdProcess("journal", "show", journal.path, "--json")
        #expect(json.lines == journal.events.map { String(decoding: $0, as: UTF8.self) })
        #expect(try FlawdProcess("journal", "show", journal.path, "3").lines == [String(decoding: journal.events[2], as: UTF8.self)])
        #expect(try FlawdProcess("journal", "show", journal.path, "2", "--regions").output == SmallJournal.regions)
        let none = try FlawdProcess("journal", "show", journal.path, "9")
        #expect(none.status == 1 && none.errors.contains("has no event 9; it keeps 1 to 5"))
        #expect(try FlawdProcess("journal", "show", journal.path, "3", "--regions").errors.contains("judged by no region file"))
    }

    @Test func queries_ChooseEvents() throws {
        let journal = try SmallJournal()
        func find(_ options: String...) throws -> [[UInt8]] {
            let output = "\(journal.folder)/\(UUID().uuidString)"
            let command = try #require(try Flawd.parseAsRoot(["journal", "export", journal.path, "--format", "jsonl", "--output", output] + options) as? JournalExportCommand)
            try command.run()
            return try Data(contentsOf: URL(fileURLWithPath: output)).split(separator: UInt8(ascii: "\n")).map { [UInt8]($0) }
        }
        let all = journal.events
        #expect(try find() == all)
        #expect(try find("--camera", "line2") == [all[2]])
        #expect(try find("--verdict", "fail", "--verdict", "review") == [all[1], all[4]])
        #expect(try find("--since", "3") == [all[3], all[4]])
        #expect(try find("--from", "2026-11-25T06:00:01Z", "--to", "2026-11-25T06:00:03Z") == Array(all[1...3]))
        #expect(try find("--to", "2026-11-25T06:00:00Z") == [all[0]])
        #expect(try find("--from", "2026-11-25T06:00:05Z") == [])
    }

    @Test func csv_HasALineForEachRegion_AndNoFormula() throws {
        let journal = try SmallJournal(), output = "\(journal.folder)/t.csv"
        let command = try #require(try Flawd.parseAsRoot(["journal", "export", journal.path, "--output", output]) as? JournalExportCommand)
        try command.run()
        let text = try String(contentsOfFile: output, encoding: .utf8)
        let rows = table(text)
        #expect(rows.first == EventTable.header.split(separator: ",").map(String.init))
        #expect(rows.count == 1 + 2 + 2 + 1 + 1 + 2)
        #expect(rows.allSatisfy { $0.count == rows[0].count })
        func column(_ name: String) -> [String] { rows.dropFirst().map { $0[rows[0].firstIndex(of: name) ?? 0] } }
        #expect(column("seq") == ["1", "1", "2", "2", "3", "4", "5", "5"])
        // A number is one, a formula is not.
        #expect(column("part_id") == ["-12", "-12", "'+A1(B)", "'+A1(B)", "'@x,\u{301}\"", "", "two\nlines", "two\nlines"])
        #expect(column("region") == ["'=seal,\"x\"", "label", "'=seal,\"x\"", "label", "", "", "'=seal,\"x\"", "label"])
        #expect(column("because")[4] == "too fast" && column("because")[0] == "score 0.75; area")
        #expect(column("last_sequence") == ["1", "1", "2", "2", "9", "5", "6", "6"] && column("type")[5] == "missing")
        #expect(column("arrival") == ["first", "first", "next", "next", "first", "", "gap", "gap"])
        #expect(throws: (any Error).self) { try command.run() }
        #expect(try String(contentsOfFile: output, encoding: .utf8) == text, "a file that is there stays")
        let again = try #require(try Flawd.parseAsRoot(["journal", "export", journal.path, "--output", output, "--force", "--since", "4"]) as? JournalExportCommand)
        try again.run()
        #expect(try table(String(contentsOfFile: output, encoding: .utf8)).count == 3)
    }

    /// RFC 4180 as a reader takes it: byte by byte.
    private func table(_ text: String) -> [[String]] {
        var rows: [[String]] = [], row: [String] = [], field: [UInt8] = [], isQuoted = false
        let bytes = Array(text.utf8)
        var index = 0
        func end() { row.append(String(decoding: field, as: UTF8.self)); field = [] }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && index < bytes.count && bytes[index] == byte:
                field.append(byte)
                index += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: end()
            case UInt8(ascii: "\n") where !isQuoted:
                end()
                rows.append(row)
                row = []
            default: field.append(byte)
            }
        }
        return rows
    }

    @Test(arguments: [
        (["a", "b"], "a,b"), (["a,b", ""], "\"a,b\","), (["say \"x\""], "\"say \"\"x\"\"\""), (["=1+1"], "'=1+1"), (["+1"], "+1"), (["-0.5"], "-0.5"), (["-x"], "'-x"),
        (["@a"], "'@a"), (["\ta"], "'\ta"), (["\ra"], "\"'\ra\""), (["=a,b"], "\"'=a,b\""), (["a\nb"], "\"a\nb\""), (["a=b"], "a=b"),
        (["a,\u{301}b"], "\"a,\u{301}b\""), (["a\"\u{301}"], "\"a\"\"\u{301}\""), (["=\u{301}a"], "'=\u{301}a"),
    ] as [([String], String)])
    func fields_AreQuoted(_ fields: [String], _ line: String) {
        #expect(Array(EventTable.line(fields).utf8) == Array(line.utf8))
    }

    @Test func verify_SaysSound_OrWhatIsWrong() throws {
        let journal = try SmallJournal()
        let sound = try FlawdProcess("journal", "verify", journal.path)
        #expect(sound.status == 0 && sound.lines.dropFirst() == ["received 4 = pass 1 + review 1 + fail 1 + uninspected 1; missing 3; 2 camera sessions", "sound"])
        #expect(sound.lines.first?.hasPrefix("events 1 to 5, epoch ") == true)

        let all = try journal.write(journal.events, to: "all.jsonl")
        let complete = try FlawdProcess("journal", "verify", journal.path, "--seen", all, "--complete")
        #expect(complete.status == 0 && complete.output.contains("seen of 1 to 5: 5 as in the journal, 0 repeated, 0 of another epoch or removed, 0 not seen"))
        let some = try journal.write([journal.events[0], journal.events[4], journal.events[4]], to: "some.jsonl")
        #expect(try FlawdProcess("journal", "verify", journal.path, "--seen", some).status == 0)
        let incomplete = try FlawdProcess("journal", "verify", journal.path, "--seen", some, "--complete")
        #expect(incomplete.status == 3 && incomplete.output.contains("3 not seen: 2, 3, 4") && !incomplete.lines.contains("sound"))
        // What shows nothing is not called complete.
        let nothing = try FlawdProcess("journal", "verify", journal.path, "--seen", journal.write([], to: "nothing.jsonl"), "--complete")
        #expect(nothing.status == 3 && nothing.output.contains("nothing that was seen is of this journal"))
        #expect(try FlawdProcess("journal", "verify", journal.path, "--complete").status == 2)
        let altered = try journal.write([Array(String(decoding: journal.events[1], as: UTF8.self).replacing("\"fail\"", with: "\"pass\"").utf8)], to: "altered.jsonl")
        let different = try FlawdProcess("journal", "verify", journal.path, "--seen", altered)
        #expect(different.status == 3 && different.output.contains("wrong: seen otherwise than in the journal: 2"))
        #expect(try FlawdProcess("journal", "verify", journal.path, "--seen", "\(journal.folder)/none").status == 2)
    }

    @Test func verify_FindsDamage() throws {
        let journal = try SmallJournal()
        // The bytes of one verdict in the file: the column and the JSON do not agree any more.
        var bytes = try Data(contentsOf: URL(fileURLWithPath: journal.path))
        let place = try #require(bytes.range(of: Data("\"verdict\":\"fail\"".utf8)))
        bytes.replaceSubrange(place, with: Data("\"verdict\":\"pass\"".utf8))
        try bytes.write(to: URL(fileURLWithPath: journal.path))
        let damaged = try FlawdProcess("journal", "verify", journal.path)
        #expect(damaged.status == 3 && damaged.output.contains("wrong: event 2: its JSON has another verdict"))
        #expect(!damaged.lines.contains("sound"))
    }

    @Test func whatIsNoJournal_IsInvalidInput() throws {
        let journal = try SmallJournal(), other = try journal.write([Array("not a database, and long enough to be looked at".utf8)], to: "other")
        for command in ["stats", "show", "export", "verify"] {
            let none = try FlawdProcess("journal", command, "\(journal.folder)/none")
            #expect(none.status == 2 && none.errors.contains("is not there"), "\(command)")
            let wrong = try FlawdProcess("journal", command, other)
            #expect(wrong.status == 2 && wrong.errors.contains(other), "\(command)")
        }
    }

    @Test(arguments: [
        ["journal", "show", "j", "--limit", "0"], ["journal", "show", "j", "--regions"], ["journal", "show", "j", "-1"], ["journal", "stats"],
        ["journal", "export", "j", "--format", "xml"], ["journal", "export", "j", "--verdict", "good"], ["journal", "export", "j", "--from", "12"],
        ["journal", "export", "j", "--to", "yesterday"], ["journal", "export", "j", "--from", "2026-11-25T06:00:01Z", "--to", "2026-11-25T06:00:00Z"],
        ["journal", "export", "j", "--since", "-1"],
    ])
    func commandsThatCannotBe_AreRefused(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try Flawd.parseAsRoot(arguments) }
    }
}

@Suite struct WatchOptionTests {
    @Test func since_HasItsPlaceToAsk() throws {
        func watch(_ options: String...) throws -> WatchCommand { try #require(try Flawd.parseAsRoot(["watch"] + options) as? WatchCommand) }
        #expect(try watch().source == nil)
        #expect(try watch("--since", "0").source == Endpoint(.connect, "tcp://127.0.0.1:5557"))
        #expect(try watch("--since", "7", "--epoch", "e", "--catch-up", "ipc:///run/c").source == Endpoint(.connect, "ipc:///run/c"))
    }

    @Test(arguments: [
        ["--epoch", "e"], ["--catch-up", "tcp://127.0.0.1:1"], ["--since", "-1"], ["--since", "x"], ["--since", "0", "--catch-up", "a:1"], ["--since", "0", "--catch-up", "tcp://a:99999"],
        ["--since", "0", "--catch-up", "inproc://x"], ["--count", "0"], ["--timeout", "0"], ["--timeout", "nan"],
    ])
    func optionsThatCannotBe_AreRefused(_ options: [String]) {
        #expect(throws: (any Error).self) { try Flawd.parseAsRoot(["watch"] + options) }
    }
}

@Suite struct JournalOptionTests {
    private func configuration(_ options: String...) throws -> Configuration {
        struct Command: ParsableCommand {
            @OptionGroup var options: ConfigurationOptions
        }
        return try Command.parse(options).options.configuration()
    }

    @Test func journal_IsNamedOnTheCommandLine_AndKeptAsTheFileSays() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let yaml = "version: 1\nregions: r\nsubscribe: {connect: \"tcp://127.0.0.1:1\"}\npublish: {bind: \"tcp://127.0.0.1:2\"}\njournal: {path: j, keep_days: 3, durability: normal}\n"
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: "\(folder)/c.yaml"))
        let journal = try #require(try configuration("--config", "\(folder)/c.yaml", "--journal", "/other").journal)
        #expect(journal.path == "/other" && journal.settings.keepSeconds == 3 * 86_400 && journal.settings.durability == .normal)
        let bare = try configuration("--regions", "r", "--subscribe", "tcp://127.0.0.1:1", "--publish", "tcp://127.0.0.1:2", "--journal", "j", "--catch-up", "tcp://127.0.0.1:3")
        #expect(bare.journal?.path == "j" && bare.journal?.settings == JournalSettings() && bare.publish.catchUp == [Endpoint(.bind, "tcp://127.0.0.1:3")])
        #expect { try configuration("--regions", "r", "--subscribe", "tcp://127.0.0.1:1", "--publish", "tcp://127.0.0.1:2", "--catch-up", "tcp://127.0.0.1:3") } throws: {
            "\($0)".contains("--journal FILE names one")
        }
        #expect(throws: (any Error).self) { try configuration("--regions", "r", "--subscribe", "tcp://127.0.0.1:1", "--publish", "tcp://127.0.0.1:2", "--journal", "j", "--catch-up", "x") }
    }
}
