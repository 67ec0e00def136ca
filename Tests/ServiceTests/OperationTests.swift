import Foundation
import Imaging
import Inspection
import SelfPerception
import Synchronization
import Testing

@testable import Service

@Suite struct ReloadableFileTests {
    /// The file's text; "bad" is refused.
    private static func load(_ path: String) throws -> String {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        if text.hasPrefix("bad") { throw FakeFailure(description: text) }
        return text
    }

    @Test func badNewFile_LeavesTheOldOneInForce_AndIsReportedOnce() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("one", to: "f")
        let file = try ReloadableFile(path: path, load: Self.load)
        #expect(file.reloadIfChanged() == nil)
        _ = try folder.write("bad, longer", to: "f")
        #expect(file.reloadIfChanged() == nil, "it may still be being written")
        guard case .refused(let error) = file.reloadIfChanged() else { return #expect(Bool(false), "must be refused") }
        #expect("\(error)" == "bad, longer")
        #expect(file.current == "one")
        #expect(file.reloadIfChanged() == nil)
        _ = try folder.write("three", to: "f")
        #expect(file.reloadIfChanged() == nil, "it may still be being written")
        guard case .replaced("three") = file.reloadIfChanged() else { return #expect(Bool(false), "must be replaced") }
        #expect(file.current == "three")
    }

    @Test func missingFile_ChangesNothing_UntilItIsThereAgain() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("one", to: "f")
        let file = try ReloadableFile(path: path, load: Self.load)
        try FileManager.default.removeItem(atPath: path)
        #expect(file.reloadIfChanged() == nil)
        guard case .refused = file.reload() else { return #expect(Bool(false), "asked for, a missing file is refused") }
        #expect(file.current == "one")
        _ = try folder.write("two!", to: "f")
        #expect(file.reloadIfChanged() == nil, "it may still be being written")
        guard case .replaced("two!") = file.reloadIfChanged() else { return #expect(Bool(false), "must be replaced") }
    }

    @Test func badFile_AtTheStart_IsAnError() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("bad", to: "f")
        #expect(throws: FakeFailure.self) { try ReloadableFile(path: path, load: Self.load) }
    }

    @Test func regionFile_IsReplacedWhileRunning() throws {
        let folder = try TemporaryFolder()
        func text(_ name: String) -> String {
            "version: 1\ncameras:\n  top:\n    regions:\n      - {name: \(name), shape: {frame: true}, prompt: box, view: frame}\n"
        }
        let path = try folder.write(text("a"), to: "regions.yaml")
        let file = try ReloadableFile(path: path) { try RegionFile(path: $0) }
        let size = PixelSize(width: 64, height: 48)
        #expect(file.current.plan(camera: "top", frame: size)?.outlines.map(\.name) == ["a"])
        _ = try folder.write("version: 1\ncameras: {top: {regins: []}}\n", to: "regions.yaml")
        guard case .refused(let error) = file.reload() else { return #expect(Bool(false), "must be refused") }
        #expect("\(error)".contains("regions"))
        #expect(file.current.plan(camera: "top", frame: size)?.outlines.map(\.name) == ["a"])
        _ = try folder.write(text("b"), to: "regions.yaml")
        guard case .replaced = file.reload() else { return #expect(Bool(false), "must be replaced") }
        #expect(file.current.plan(camera: "top", frame: size)?.outlines.map(\.name) == ["b"])
    }
}

@Suite struct PlanCacheTests {
    @Test func plans_AreMadeOnce_ForEachRevisionCameraAndSize() {
        let cache = PlanCache<String>(capacity: 10)
        var made = 0
        func plan(_ revision: String, _ camera: String, _ width: Int) -> String? {
            cache.plan(revision: revision, camera: camera, size: PixelSize(width: width, height: 1)) {
                made += 1
                return camera == "none" ? nil : "\(revision) \(camera) \(width)"
            }
        }
        for _ in 0..<3 {
            #expect(plan("r", "a", 1) == "r a 1")
            #expect(plan("r", "a", 2) == "r a 2")
            #expect(plan("r", "b", 1) == "r b 1")
            #expect(plan("r", "none", 1) == nil)
        }
        #expect(made == 4)
        #expect(plan("s", "a", 1) == "s a 1")
        #expect(cache.count == 1, "the plans of a replaced file are gone")
    }

    @Test func cache_IsBounded_AndForgetsWhatWasUsedLongestAgo() {
        let cache = PlanCache<Int>(capacity: 4)
        func plan(_ width: Int, _ value: Int) -> Int? {
            cache.plan(revision: "r", camera: "c", size: PixelSize(width: width, height: 1)) { value }
        }
        _ = plan(0, 0)
        for width in 1...50 {
            _ = plan(width, width)
            #expect(plan(0, -1) == 0, "what is in use stays")
        }
        #expect(cache.count == 4)
    }
}

@Suite struct ScreeningTests {
    private func event(_ part: String?, _ verdict: Verdict, _ score: Double?, seq: UInt64 = 1, total: Int64 = 1) -> VerdictEvent {
        VerdictEvent(
            seq: seq, epoch: "e", camera: "c", sequence: 1, partID: part, receivedUTCNs: 0, publishedUTCNs: Int64(seq) * 1_000_000_000,
            latencyNs: ["total": total], verdict: verdict, reason: verdict == .uninspected ? .overload : nil,
            regions: score.map { [RegionResult(name: "a", verdict: verdict, score: $0 / 2, agreement: 1), RegionResult(name: "b", verdict: verdict, score: $0, agreement: 1)] } ?? [],
            model: "m", build: "b")
    }

    @Test func truthTable_CountsEscapesAndOverkill() {
        var table = TruthTable(isDefective: ["d1": true, "d2": true, "d3": true, "d4": true, "g1": false, "g2": false, "g3": false, "g4": false])
        for (part, verdict, score) in [
            ("d1", Verdict.pass, 0.1), ("d2", .fail, 0.9), ("d3", .review, 0.6), ("g1", .pass, 0.2), ("g2", .review, 0.5), ("g3", .fail, 0.95),
        ] { table.add(event(part, verdict, score)) }
        table.add(event("d4", .uninspected, nil))
        table.add(event("d1", .pass, 0.3))
        table.add(event("stranger", .fail, 1))
        table.add(event(nil, .fail, 1))
        #expect(table.count == 7 && table.unknown == 2)
        #expect(table.escapes == 2 && table.total(defective: true) == 4)
        #expect(table.overkill == 2 && table.total(defective: false) == 3)
        #expect(table.ranking.defective == [0.3, 0.6, 0.9] && table.ranking.good == [0.2, 0.5, 0.95])
        #expect(table.count(defective: false, .review) == 1)
    }

    @Test func truth_IsReadFromAFolder() throws {
        let folder = try TemporaryFolder()
        let size = PixelSize(width: 8, height: 8), gray = [UInt8](repeating: 200, count: 64)
        for name in ["a.jpg", "b.jpg", "c.JPEG"] {
            try Data(JPEGEncoder().encode(gray: gray, size: size)).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
        }
        try PNGFile.writeGray(gray, size: size, path: "\(folder.path)/a.png")
        _ = try folder.write("", to: "notes.txt")
        #expect(try TruthTable(folder: folder.path).isDefective == ["a": true, "b": false, "c": false])
        let empty = try TemporaryFolder()
        #expect(throws: DatasetError.self) { try TruthTable(folder: empty.path) }
    }

    @Test func tally_CountsAndFindsWhatItDidNotSee() {
        var tally = EventTally()
        for (seq, total) in [(UInt64(1), Int64(10)), (2, 30), (5, 20)] { tally.add(event("p", .pass, 0.1, seq: seq, total: total)) }
        tally.add(MissingEvent(seq: 6, epoch: "e", camera: "c", first: 3, last: 5, publishedUTCNs: 0))
        tally.add(MissingEvent(seq: 7, epoch: "e", camera: "c", first: 0, last: .max, publishedUTCNs: 0))
        #expect(tally.frames == 3 && tally.unseen == 2)
        #expect(tally.missing == 3)
        #expect(tally.latencyNs(quantile: 0.5) == 20 && tally.latencyNs(quantile: 1) == 30)
        #expect(tally.rate == 0.5)
    }

    @Test func numbers_AreWrittenWithFixedDecimals() {
        #expect([fixed(1.25, 1), fixed(-0.04, 1), fixed(-1.5, 0), fixed(0.0496, 3), fixed(12, 2)] == ["1.3", "0.0", "-2", "0.050", "12.00"])
        #expect(fixed(.nan, 1) == "nan" && fixed(1e300, 1) == "1e+300")
    }

    @Test func names_AreInNaturalOrder() {
        let names = ["part10", "part2", "part1", "part02b", "a", "part2a", "Part3", "part99999999999999999999999", "part", "7", "08"]
        #expect(
            names.sorted(by: naturallyPrecedes)
                == ["7", "08", "Part3", "a", "part", "part1", "part2", "part2a", "part02b", "part10", "part99999999999999999999999"])
        for a in names { #expect(!naturallyPrecedes(a, a)) }
    }
}
