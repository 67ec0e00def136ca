import Foundation
import Imaging
import Inspection
import Streaming
import Testing

@testable import Service

/// The gate on recordings of real verdicts: what the daemon said of the same frames, over sockets.
@Suite struct GateRunTests {
    private static let steps: [LiveLineTests.Step] = [.part(0), .part(1), .cut(1), .part(3), .part(5)]
    private static let start: Int64 = 1_764_000_000_000_000_000
    private static let apart: Int64 = 100_000_000

    /// The frames that `LiveLineTests.inspect` sends.
    private static func frames(_ steps: [LiveLineTests.Step], camera: String = "line1/top") throws -> [IncomingFrame] {
        let image = RGBImage(), encoder = JPEGEncoder(quality: 90), parts = SyntheticLine(seed: 11)
        return try steps.enumerated().map { number, step in
            var jpeg: [UInt8]
            switch step {
            case .part(let index):
                _ = parts.part(index, into: image)
                jpeg = try encoder.encode(image)
            case .cut(let index):
                _ = parts.part(index, into: image)
                jpeg = try encoder.encode(image)
                jpeg.removeLast(jpeg.count / 2)
            }
            let header = FrameHeader(
                format: .cameraStream, camera: camera, codec: .jpeg, sequence: UInt64(number), size: image.size, partID: "part\(number)")
            return IncomingFrame(header: header, payload: Payload(copying: jpeg))
        }
    }

    /// A recording in which each verdict comes after the frame behind its own.
    ///
    /// - Parameter fileSeconds: a file ends after that; a verdict may fall into the next.
    private static func record(_ frames: [IncomingFrame], _ verdicts: [[UInt8]], in folder: TemporaryFolder, fileSeconds: Double = 600) throws -> [String] {
        var settings = FrameRecorder.Settings()
        settings.reserveBytes = 1 << 20
        settings.fileSeconds = fileSeconds
        let recorder = try FrameRecorder(folder: folder.path, program: "test", settings: settings)
        for index in 0...frames.count {
            let time = start + Int64(index) * apart
            if index < frames.count { try recorder.record(frames[index], receivedUTCNs: time) }
            if index > 0, index <= verdicts.count {
                try recorder.record(verdict: verdicts[index - 1], topic: "line1/top/verdict", receivedUTCNs: time + apart / 2)
            }
        }
        try recorder.finish()
        return recorder.files
    }

    private struct Outcome: Sendable {
        var report: GateReport
        var events: [VerdictEvent]
        var lines: [[UInt8]]
    }

    private final class Taken: Sendable {
        let events = Monitor<[VerdictEvent]>([])
    }

    private static func gate(
        _ files: [String], _ folder: TemporaryFolder, regions: String? = nil, prefix: String = "", workers: Int = 1,
        _ adjust: (inout VerdictGate.Settings) -> Void = { _ in }
    ) async throws -> Outcome {
        var configuration = try LiveLineTests.configuration(folder), settings = VerdictGate.Settings()
        if let regions { configuration.regions = try folder.write(regions, to: "other.yaml") }
        settings.workers = workers
        adjust(&settings)
        let gate = try VerdictGate(GateRecordings(paths: files, prefix: prefix), configuration: configuration, settings: settings, logger: quiet)
        let taken = Taken()
        let report = try await Task.onThread {
            Result { try gate.run(take: { event, _ in taken.events.update { $0.append(event) } }) }
        }.value.get()
        let events = taken.events.read { $0 }
        return Outcome(report: report, events: events, lines: events.map(\.json))
    }

    @Test func verdictsOfTheDaemon_AreRepeatedToTheBit_WhateverTheWorkers() async throws {
        let recorded = try await LiveLineTests.inspect(Self.steps), folder = try TemporaryFolder()
        let files = try Self.record(Self.frames(Self.steps), recorded.map(\.json), in: folder)
        let one = try await Self.gate(files, folder), three = try await Self.gate(files, folder, workers: 3)
        #expect(one.lines == three.lines && one.lines.count == 5)
        #expect(one.events.map(\.seq) == [1, 2, 3, 4, 5])
        for (fresh, old) in zip(one.events, recorded) {
            // But for times and what the journal numbers, of every field.
            var same = old
            (same.seq, same.epoch, same.latencyNs) = (fresh.seq, "gate", [:])
            (same.durability, same.session, same.arrival) = (nil, nil, nil)
            (same.receivedUTCNs, same.publishedUTCNs) = (fresh.receivedUTCNs, fresh.receivedUTCNs)
            (same.capturedUTCNs, same.capturedMonotonicNs) = (fresh.capturedUTCNs, fresh.capturedMonotonicNs)
            #expect(same.json == fresh.json)
        }
        let report = one.report
        #expect(report.passes && report.compared == 4 && report.changed == 0 && report.drift.largest == 0 && report.drift.regions == 4)
        #expect(report.masks.least == 1 && report.masks.frames == 4 && report.losses.isEmpty)
        #expect(report.uninspectedThen == ["decode_error": ["uninspected": 1]] && report.uninspectedNow == ["decode_error": 1])
        #expect(report.model.isSame && report.regionFile.isSame && report.program.isSame && report.verdictsWithoutFrame == 0)
    }

    @Test func anotherLimit_ChangesVerdicts_ThatAreListedAndShown() async throws {
        let recorded = try await LiveLineTests.inspect(Self.steps), folder = try TemporaryFolder()
        let files = try Self.record(Self.frames(Self.steps), recorded.map(\.json), in: folder)
        // Nothing fails any more, or reaches review.
        let lenient = """
            version: 1
            cameras:
              line1/*:
                regions:
                  - {name: surface, shape: {frame: true}, view: frame, limits: {fail_score: 1, review_score: 1, max_defects: 100}}
            """
        let failed = recorded.filter { $0.verdict == .fail }.map(\.sequence), other = recorded.filter { $0.verdict == .review }.map(\.sequence)
        try #require(!failed.isEmpty)
        let result = try await Self.gate(files, folder, regions: lenient, workers: 2) { $0.cases = 1 }
        #expect(!result.report.passes && result.report.escapes == failed.count && result.report.changed == failed.count + other.count)
        #expect(result.report.changes.prefix(failed.count).map(\.sequence) == failed)
        // A limit changes no score and no mask.
        #expect(result.report.drift.largest == 0 && result.report.masks.least == 1 && !result.report.regionFile.isSame)
        #expect(result.report.cases.map(\.change.sequence) == Array(failed.prefix(1)))
        let html = result.report.html
        #expect(html.components(separatedBy: "data:image/jpeg;base64,/9j/").count == 3 && html.contains("Escapes: fail → pass"))
        let tolerated = try await Self.gate(files, folder, regions: lenient) { $0.tolerance.changed = .frames(failed.count + other.count) }
        #expect(tolerated.report.passes)
    }

    @Test func aVerdictInTheNextFile_IsFound_AndWhatIsMissingIsCounted() async throws {
        let recorded = try await LiveLineTests.inspect(Self.steps), folder = try TemporaryFolder()
        var verdicts = recorded.map(\.json)
        // One cannot be read, one is another's, and the last one was not recorded.
        verdicts[1] = Array("{\"schema_version\": 1".utf8)
        var stranger = recorded[3]
        stranger.frameHash = String(repeating: "0", count: 64)
        verdicts[3] = stranger.json
        verdicts.removeLast()
        let files = try Self.record(Self.frames(Self.steps), verdicts, in: folder, fileSeconds: 0.1)
        #expect(files.count > 1)
        let report = try await Self.gate(files, folder) { $0.tolerance.withoutVerdict = .share(0.6) }.report
        #expect(report.frames == 5 && report.compared == 1 && report.withoutVerdict == 3 && report.verdictsWithoutFrame == 1)
        #expect(report.unreadableVerdicts == 1 && report.problems.count == 1 && report.problems[0].contains("no verdict that flawd reads"))
        #expect(report.passes)
        // The middle of it, by time.
        let middle = try await Self.gate(files, folder) { $0.times = UInt64(Self.start + 2 * Self.apart)...UInt64(Self.start + 3 * Self.apart) }
        #expect(middle.events.map(\.sequence) == [2, 3])
    }

    @Test func aCameraWithoutRegions_IsSaid_AndKeepsTheGateShut() async throws {
        let recorded = try await LiveLineTests.inspect([.part(0)]), folder = try TemporaryFolder()
        let files = try Self.record(Self.frames([.part(0)]), recorded.map(\.json), in: folder)
        let report = try await Self.gate(files, folder, regions: """
            version: 1
            cameras:
              line2/*:
                regions: [{name: surface, shape: {frame: true}}]
            """).report
        #expect(report.changed == 1 && report.uninspectedNow == ["no_region": 1] && report.camerasWithoutRegions == ["line1/top"] && !report.passes)
    }

    @Test func recordingsWithNothingToCompare_AreRefused_WithAWayOut() async throws {
        let folder = try TemporaryFolder(), frames = try Self.frames([.part(0)])
        let files = try Self.record(frames, [], in: folder)
        #expect { try GateRecordings(paths: files, prefix: "") } throws: { "\($0)".contains("flawd record --verdicts") }
        #expect { try GateRecordings(paths: files, prefix: "line7") } throws: { "\($0)".contains("line7") && "\($0)".contains("there are line1/top") }
        #expect { try GateRecordings(paths: ["\(folder.path)/none.mcap"], prefix: "") } throws: { "\($0)".contains("none.mcap") }
        let text = try folder.write("frames", to: "text.mcap")
        #expect { try GateRecordings(paths: files + [text], prefix: "") } throws: { "\($0)".contains("text.mcap: this is no MCAP file") }
        // What is not known before it is read, is known then.
        let whole = try Data(contentsOf: URL(fileURLWithPath: files[0])), cut = "\(folder.path)/cut.mcap"
        try whole.dropLast(40).write(to: URL(fileURLWithPath: cut))
        await #expect { try await Self.gate([cut], folder) } throws: { "\($0)".contains("flawd record --verdicts") }
    }

    @Test func whoTakesTheVerdicts_CanEndIt() async throws {
        let recorded = try await LiveLineTests.inspect([.part(0)]), folder = try TemporaryFolder()
        let frames = try Self.frames([LiveLineTests.Step](repeating: .part(0), count: 12))
        let files = try Self.record(frames, recorded.map(\.json), in: folder)
        var settings = VerdictGate.Settings()
        settings.workers = 2
        let gate = try VerdictGate(GateRecordings(paths: files, prefix: ""), configuration: LiveLineTests.configuration(folder), settings: settings, logger: quiet)
        struct Full: Error {}
        let result = await Task.onThread { Result { try gate.run(take: { _, _ in throw Full() }) } }.value
        #expect { try result.get() } throws: { $0 is Full }
        let stopped = try await Task.onThread { Result { try gate.run(isStopped: { true }) } }.value.get()
        #expect(stopped.isStopped && stopped.frames < 12 && !stopped.passes)
    }
}
