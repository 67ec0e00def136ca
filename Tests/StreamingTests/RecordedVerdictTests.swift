import Foundation
import Imaging
import Testing
@testable import Streaming

struct RecordedVerdictTests {
    @Test func verdicts_ComeBesideTheirFrames_InTheOrderOfRecording() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-verdicts-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = FrameRecorder.Settings()
        settings.reserveBytes = 1 << 20
        let recorder = try FrameRecorder(folder: folder, program: "test", settings: settings, verdictSchema: Array("{}".utf8)), start: Int64 = 1_764_000_000_000_000_000
        func frame(_ camera: String, _ sequence: UInt64) -> IncomingFrame {
            IncomingFrame(
                header: FrameHeader(format: .cameraStream, camera: camera, codec: .jpeg, sequence: sequence, size: PixelSize(width: 4, height: 2)),
                payload: Payload(copying: Wire.jpegPayload))
        }
        // A camera whose own name ends as verdict topics do has frames like any other.
        try recorder.record(frame("line1/top", 1), receivedUTCNs: start)
        try recorder.record(frame("line2/verdict", 1), receivedUTCNs: start + 1)
        try recorder.record(verdict: Array("{\"a\": 1}".utf8), topic: "line1/top/verdict", receivedUTCNs: start + 2)
        try recorder.record(frame("line1/top", 2), receivedUTCNs: start + 3)
        try recorder.record(verdict: Array("not JSON".utf8), topic: "line2/verdict/verdict", receivedUTCNs: start + 4)
        try recorder.finish()
        let reader = try MCAPReader(path: try #require(recorder.files.first))
        #expect(reader.cameras == ["line1/top", "line2/verdict"] && reader.verdictCameras == ["line1/top", "line2/verdict"])
        func read(_ times: ClosedRange<UInt64> = 0...UInt64.max, of isWanted: (String) -> Bool = { _ in true }) -> [String] {
            var found: [String] = []
            reader.readMessages(times: times, of: isWanted) { (message) throws(Never) in
                switch message {
                case .frame(let frame): found.append("\(frame.header.camera) \(frame.header.sequence ?? 0)")
                case .verdict(let verdict): found.append("\(verdict.camera) \(verdict.receivedUTCNs - UInt64(start)) \(String(decoding: verdict.json, as: UTF8.self))")
                }
                return true
            }
            return found
        }
        let all = ["line1/top 1", "line2/verdict 1", "line1/top 2 {\"a\": 1}", "line1/top 2", "line2/verdict 4 not JSON"]
        #expect(read() == all)
        #expect(read(of: { $0 == "line1/top" }) == [all[0], all[2], all[3]])
        #expect(read(UInt64(start) + 2...UInt64(start) + 2) == [all[2]])
        // Who asks for frames gets frames.
        var frames = 0
        reader.readFrames { (_) throws(Never) in
            frames += 1
            return true
        }
        #expect(frames == 3 && reader.losses.isEmpty)
    }
}
