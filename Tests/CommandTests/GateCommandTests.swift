import ArgumentParser
import Foundation
import Imaging
import Inspection
import SegmentAnything
import SelfPerception
import Streaming
import Testing

@testable import flawd

/// `flawd replay --gate` from its arguments to its exit code.
struct GateCommandTests {
    private static let start: Int64 = 1_764_000_000_000_000_000

    /// A folder with a region file and a recording of six parts with the verdicts that this file leads to.
    private final class Line {
        let path: String
        let regions: String
        let recording: String
        let verdicts: [Verdict]

        init() throws {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-gate-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            regions = "\(path)/regions.yaml"
            try Self.regions(failScore: 0.6).write(toFile: regions, atomically: true, encoding: .utf8)
            let file = try RegionFile(path: regions), inspector = Inspector(session: SPTSession(model: try SPTModel(path: SPTModel.embeddedName), threads: 1))
            var settings = FrameRecorder.Settings()
            settings.reserveBytes = 1 << 20
            let recorder = try FrameRecorder(folder: path, program: "test", settings: settings)
            let image = RGBImage(), encoder = JPEGEncoder(quality: 90), parts = SyntheticLine(seed: 11), decoder = JPEGDecoder()
            var verdicts: [Verdict] = []
            for index in 0..<6 {
                _ = parts.part(index, into: image)
                let jpeg = try encoder.encode(image), time = GateCommandTests.start + Int64(index) * 1_500_000_000
                try decoder.decode(jpeg, into: image)
                let plan = try #require(file.plan(camera: "line1/top", frame: image.size))
                var event = VerdictEvent(
                    seq: UInt64(index), epoch: "e", camera: "line1/top", sequence: UInt64(index), frameHash: jpeg.withUnsafeBytes { ContentHash.sha256($0) },
                    receivedUTCNs: time, publishedUTCNs: time, verdict: .uninspected, roiRevision: file.revision, model: "m", build: "b")
                event.take(inspector.inspect(image, plan: plan))
                verdicts.append(event.verdict)
                let header = FrameHeader(format: .cameraStream, camera: "line1/top", codec: .jpeg, sequence: UInt64(index), size: image.size, partID: "part\(index)")
                try recorder.record(IncomingFrame(header: header, payload: Payload(copying: jpeg)), receivedUTCNs: time)
                try recorder.record(verdict: event.json, topic: "line1/top/verdict", receivedUTCNs: time + 50_000_000)
                try recorder.tick(utcNs: time + 60_000_000)
            }
            try recorder.finish()
            recording = try #require(recorder.files.first)
            self.verdicts = verdicts
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        static func regions(failScore: Double) -> String {
            """
            version: 1
            cameras:
              line1/*:
                regions:
                  - {name: surface, shape: {frame: true}, view: frame, limits: {fail_score: \(failScore), review_score: \(min(failScore, 0.4))}}
            """
        }

        func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")) }
    }

    /// The exit code.
    private static func run(_ arguments: [String]) async throws -> Int32 {
        let command = try ReplayCommand.parse(arguments)
        do {
            try await command.run()
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch is InvalidInput {
            return 2
        }
    }

    @Test func sameRegions_ChangeNothing_AndVerdictsAreTheSameBytes_WhateverTheWorkers() async throws {
        let line = try Line()
        let arguments = [line.recording, "--gate", "--regions", line.regions, "--max-drift", "0", "--min-iou", "1"]
        #expect(try await Self.run(arguments + ["--workers", "1", "--verdicts", "\(line.path)/1.jsonl"]) == 0)
        #expect(try await Self.run(arguments + ["--workers", "2", "--verdicts", "\(line.path)/2.jsonl", "--json"]) == 0)
        let one = try line.bytes("1.jsonl")
        #expect(try one == line.bytes("2.jsonl"))
        let events = try one.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(VerdictEvent.self, from: Data($0)) }
        #expect(events.map(\.seq) == [1, 2, 3, 4, 5, 6] && events.map(\.verdict) == line.verdicts && events.allSatisfy { $0.epoch == "gate" && $0.latencyNs.isEmpty })
        #expect(events.map(\.receivedUTCNs) == (0..<6).map { Self.start + Int64($0) * 1_500_000_000 } && events.allSatisfy { $0.publishedUTCNs == $0.receivedUTCNs })
    }

    @Test func anotherLimit_IsExit3_WithAPage_UnlessItIsTolerated() async throws {
        let line = try Line(), other = "\(line.path)/other.yaml", page = "\(line.path)/gate.html"
        try #require(line.verdicts.contains(.pass))
        // Nothing passes.
        try Line.regions(failScore: 0).write(toFile: other, atomically: true, encoding: .utf8)
        let arguments = [line.recording, "--gate", "--regions", other]
        #expect(try await Self.run(arguments + ["--report", page]) == 3)
        let html = try String(decoding: line.bytes("gate.html"), as: UTF8.self)
        #expect(html.contains("The gate stays shut") && html.contains("data:image/jpeg;base64,"))
        #expect(try await Self.run(arguments + ["--max-changed", "100%"]) == 0)
        #expect(try await Self.run(arguments + ["--max-changed", "6"]) == 0)
    }

    @Test func damagedRecording_IsExit3_HoweverGoodTheRest() async throws {
        let line = try Line(), arguments = ["--gate", "--regions", line.regions]
        var bytes = try Data(contentsOf: URL(fileURLWithPath: line.recording))
        let cut = "\(line.path)/cut.mcap", damaged = "\(line.path)/damaged.mcap"
        try bytes.dropLast(100).write(to: URL(fileURLWithPath: cut))
        #expect(try await Self.run([cut] + arguments) == 3)
        bytes[bytes.count / 2] ^= 0xFF
        try bytes.write(to: URL(fileURLWithPath: damaged))
        #expect(try await Self.run([damaged] + arguments) == 3)
        #expect(try await Self.run([line.recording] + arguments) == 0)
        // One without a beginning, as a full disk leaves it, among good ones; alone there is nothing to do.
        let empty = "\(line.path)/empty.mcap"
        try Data().write(to: URL(fileURLWithPath: empty))
        #expect(try await Self.run([line.recording, empty] + arguments) == 3)
        #expect(try await Self.run([empty] + arguments) == 2)
        #expect(try await Self.run([line.recording, "\(line.path)/gone.mcap"] + arguments) == 2)
    }

    @Test func whatCannotBeUsed_IsExit2() async throws {
        let line = try Line(), gate = ["--gate", "--regions", line.regions]
        #expect(try await Self.run(["\(line.path)/none.mcap"] + gate) == 2)
        #expect(try await Self.run([line.recording, "--camera", "line9"] + gate) == 2)
        #expect(try await Self.run([line.recording, "--from", "1000"] + gate) == 2)
    }

    @Test(arguments: [
        ["r.mcap", "--gate"], ["r.mcap", "--gate", "--regions", "r.yaml", "--speed", "2"], ["part.jpg", "--gate", "--regions", "r.yaml"],
        ["r.mcap", "--max-drift", "0.1"], ["r.mcap", "--gate", "--regions", "r.yaml", "--max-changed", "-1"],
        ["r.mcap", "--gate", "--regions", "r.yaml", "--max-changed", "101%"], ["r.mcap", "--gate", "--regions", "r.yaml", "--min-iou", "1.5"],
        ["r.mcap", "--gate", "--regions", "r.yaml", "--report", "r.txt"], ["r.mcap", "--gate", "--regions", "r.yaml", "--workers", "0"],
    ])
    func argumentsThatDoNotBelongTogether_AreRefused(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try ReplayCommand.parse(arguments) }
    }

    @Test func changed_IsACountOrAShare() {
        #expect(MostArgument(argument: "3")?.most == .frames(3) && MostArgument(argument: "0.5%")?.most == .share(0.005))
        #expect(MostArgument(argument: "0.5%")?.defaultValueDescription == "0.5%")
        for text in ["", "%", "1.5", "nan%", "many"] { #expect(MostArgument(argument: text) == nil, "\(text)") }
    }
}
