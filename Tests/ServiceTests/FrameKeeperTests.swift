import Foundation
import Imaging
import Inspection
import Logging
import Streaming
import Synchronization
import Testing
@testable import Service

struct FrameKeeperTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString)")
    private let regions: ReloadableFile<RegionFile>
    /// Of now: a file's time is over by the clock.
    private static let start = PipelineClock.system.utcNs()
    private static let yaml = "version: 1\ncameras:\n  line: {regions: [{name: a, shape: {frame: true}}]}\n"

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("regions.yaml").path
        try Data(Self.yaml.utf8).write(to: URL(fileURLWithPath: path))
        regions = try ReloadableFile(path: path) { try RegionFile(path: $0) }
    }

    private func keeper(
        _ change: (inout RecordingSettings) -> Void = { _ in }, tell: @escaping @Sendable (StatusEvent.Condition, String) -> Void = { _, _ in }
    ) -> FrameKeeper {
        var settings = RecordingSettings(folder: folder.path)
        settings.files.reserveBytes = 0
        change(&settings)
        return FrameKeeper(
            settings: settings, regions: regions, configuration: .init(name: "flawd.yaml", mediaType: "application/yaml", data: [1, 2, 3]), program: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, tell: tell)
    }

    private func frame(_ number: UInt64, bytes: Int = 48) -> IncomingFrame {
        let header = FrameHeader(
            format: .cameraStream, camera: "line", codec: .rawBGR8, sequence: number, capturedUTCNs: Int64(number), size: PixelSize(width: 4, height: 4))
        return IncomingFrame(header: header, payload: Payload(copying: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: bytes)))
    }

    private func event(_ number: UInt64, _ verdict: Verdict = .pass) -> VerdictEvent {
        VerdictEvent(
            seq: number + 1, epoch: "e", camera: "line", sequence: number, receivedUTCNs: Self.start + Int64(number), publishedUTCNs: Self.start + 10 + Int64(number),
            verdict: verdict, model: "m", build: "b")
    }

    /// Gives it frames as the pipeline would, and waits until it has recorded them.
    private func record(_ keeper: FrameKeeper, _ verdicts: [Verdict]) async throws {
        for (number, verdict) in verdicts.enumerated() {
            let frame = frame(UInt64(number))
            keeper.take(event(UInt64(number), verdict), frame: keeper.hold(frame) ? frame : nil)
        }
        keeper.close()
        try await keeper.run()
    }

    private var recordings: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".mcap") }.sorted().map { "\(folder.path)/\($0)" }) ?? []
    }

    @Test func frames_AreRecordedWithRegionsAndConfiguration() async throws {
        let keeper = keeper()
        try await record(keeper, [.pass, .fail, .pass])
        let reader = try MCAPReader(path: #require(recordings.first))
        var frames: [(UInt64?, UInt64, UInt8?)] = []
        reader.readFrames { (frame) throws(Never) in
            frames.append((frame.header.sequence, frame.receivedUTCNs, frame.payload.first))
            return true
        }
        #expect(frames.map(\.0) == [0, 1, 2] && frames.map { $0.1 - UInt64(Self.start) } == [0, 1, 2] && frames.map(\.2) == [0, 1, 2])
        #expect(recordings.count == 1 && reader.losses.isEmpty && keeper.missedCount == 0)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: recordings[0]))
        #expect(bytes.range(of: Data(Self.yaml.utf8)) != nil && bytes.range(of: Data("flawd.yaml".utf8)) != nil)
        #expect(bytes.range(of: Data(event(1, .fail).json)) != nil)
    }

    @Test func newRegions_BeginANewFile() async throws {
        let keeper = keeper()
        let first = frame(0), second = frame(1)
        #expect(keeper.hold(first) && keeper.hold(second))
        let run = Task { try await keeper.run() }
        keeper.take(event(0), frame: first)
        while recordings.isEmpty { await Task.yield() }
        try Data((Self.yaml + "# changed\n").utf8).write(to: URL(fileURLWithPath: regions.path))
        _ = regions.reload()
        keeper.take(event(1), frame: second)
        keeper.close()
        try await run.value
        #expect(recordings.count == 2)
    }

    @Test func payloadsBeyondTheBound_AreNotHeld_AndCounted() async throws {
        let keeper = keeper { $0.waitingBytes = 100 }
        #expect(keeper.hold(frame(0)) && keeper.hold(frame(1)) && !keeper.hold(frame(2)) && keeper.missedCount == 1)
        // What is let go makes room.
        keeper.release(frame(0))
        #expect(keeper.hold(frame(3)))
    }

    /// What waits for a failure leaves room for it, however many frames before it are asked for.
    @Test func failure_IsRecorded_WhenFramesBeforeItAreTooMuch() async throws {
        let keeper = keeper {
            $0.selection = .failures(before: 100, after: 0)
            $0.waitingBytes = 48 * 20
        }
        let run = Task { try await keeper.run() }
        for number in 0..<60 as Range<UInt64> {
            let frame = frame(number)
            while !keeper.hold(frame) { await Task.yield() }
            keeper.take(event(number, number == 59 ? .fail : .pass), frame: frame)
            // The recorder takes it before the next comes, as it does on a line.
            while keeper.heldBytes > 48 * 10 { await Task.yield() }
        }
        keeper.close()
        try await run.value
        var numbers: [UInt64?] = []
        try MCAPReader(path: #require(recordings.first)).readFrames { (frame) throws(Never) in
            numbers.append(frame.header.sequence)
            return true
        }
        #expect(numbers == (49...59).map { $0 } && keeper.heldBytes == 0)
    }

    /// As when the journal or a socket cannot be used: the daemon ends instead of waiting for the recorder.
    @Test func cancelled_ItEnds_AndWhatItHasIsRecorded() async throws {
        let keeper = keeper(), frame = frame(0)
        let run = Task { try await keeper.run() }
        keeper.take(event(0), frame: keeper.hold(frame) ? frame : nil)
        run.cancel()
        try await run.value
        #expect(keeper.recordedCount == 1)
    }

    @Test func everythingThatWasHeld_IsLetGo() async throws {
        for selection in [RecordingSettings.Selection.all, .failures(before: 2, after: 1), .sampled(every: 2)] {
            let keeper = keeper { $0.selection = selection }
            try await record(keeper, [.pass, .pass, .pass, .fail, .pass, .pass, .pass])
            #expect(keeper.heldBytes == 0)
        }
    }

    @Test func diskWithoutRoom_StopsRecording_AndSaysSoOnce() async throws {
        let said = Mutex<[StatusEvent.Condition]>([])
        let keeper = keeper({ $0.files.reserveBytes = .max }) { condition, _ in said.withLock { $0.append(condition) } }
        try await record(keeper, [.pass, .fail, .pass])
        #expect(said.withLock { $0 } == [.recordingStopped] && keeper.missedCount == 3 && recordings.isEmpty && keeper.heldBytes == 0)
    }

    @Test(arguments: ["all", "failures", "sampled"]) func configuration_SaysWhatIsRecorded(_ frames: String) throws {
        let more = frames == "failures" ? ", before: 3, after: 0" : frames == "sampled" ? ", every: 10" : ""
        let configuration = try Configuration(yaml: """
            version: 1
            regions: r.yaml
            subscribe: {connect: "tcp://127.0.0.1:5555"}
            publish: {bind: "tcp://127.0.0.1:5556"}
            recording: {folder: rec, frames: \(frames)\(more), file_mb: 10, keep_mb: 100, keep_days: 2, reserve_mb: 5, compression: lz4}
            """, name: "flawd.yaml")
        let recording = try #require(configuration.recording)
        #expect(recording.selection == (frames == "failures" ? .failures(before: 3, after: 0) : frames == "sampled" ? .sampled(every: 10) : .all))
        #expect(recording.folder == "rec" && recording.files.fileBytes == 10 << 20 && recording.files.keepBytes == 100 << 20)
        #expect(recording.files.keepSeconds == 2 * 86_400 && recording.files.reserveBytes == 5 << 20 && recording.files.compression == .lz4)
    }

    @Test(arguments: [
        ("{frames: all}", "recording.folder"), ("{folder: a, frames: some}", "all, failures, sampled"), ("{folder: a, before: 2}", "frames: failures"),
        ("{folder: a, frames: failures, every: 2}", "frames: sampled"), ("{folder: a, file_mb: 100, keep_mb: 150}", "twice"), ("{folder: a, evry: 2}", "every"),
    ]) func wrongConfiguration_IsNamed(_ section: String, _ word: String) throws {
        let error = #expect(throws: FileError.self) {
            try Configuration(yaml: """
                version: 1
                regions: r.yaml
                subscribe: {connect: "tcp://127.0.0.1:5555"}
                publish: {bind: "tcp://127.0.0.1:5556"}
                recording: \(section)
                """, name: "flawd.yaml")
        }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }
}
