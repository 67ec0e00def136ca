import Foundation
import Imaging
import Testing
@testable import Streaming

/// Recordings through our own writer and reader. That others read and write the same is `deploy/peers/recordings.py`.
struct RecordingTests {
    /// A folder of its own for each test.
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-recording-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private struct Kept: Equatable {
        var header: FrameHeader
        var time: UInt64
        var payload: [UInt8]
    }

    private static let start: Int64 = 1_764_000_000_000_000_000

    /// Frames of three cameras, each in another form. A chunk leaves after a second.
    private static func frames(_ count: Int, bytes: Int = 300, apartMs: Int64 = 20) -> [Kept] {
        (0..<count).map { index in
            let time = start + Int64(index) * apartMs * 1_000_000
            var payload = (0..<bytes).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0 / 7) }, header: FrameHeader
            switch index % 3 {
            case 0:
                header = FrameHeader(
                    format: .cameraStream, camera: "line1/top", codec: .jpeg, sequence: UInt64(index), capturedMonotonicNs: Int64(index),
                    capturedUTCNs: time - 5, size: PixelSize(width: 64, height: 48), partID: "part \"\(index)\" é", trigger: Int64(index), payloadCRC32: 7)
            case 1:
                header = FrameHeader(format: .bare, camera: "line1/side", codec: .jpeg)
            default:
                payload = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 6 * 5 * 3)
                header = FrameHeader(format: .imagezmq, camera: "line2", codec: .rawBGR8, size: PixelSize(width: 6, height: 5))
            }
            return Kept(header: header, time: UInt64(time), payload: payload)
        }
    }

    private func record(
        _ frames: [Kept], settings: FrameRecorder.Settings = .init(), attachments: [FrameRecorder.Attachment] = [], finishing: Bool = true
    ) throws -> [String] {
        var settings = settings
        settings.reserveBytes = min(settings.reserveBytes, 1 << 20)
        let recorder = try FrameRecorder(folder: folder, program: "flawd test", settings: settings, attachments: attachments, verdictSchema: Array("{}".utf8))
        for frame in frames {
            try recorder.record(IncomingFrame(header: frame.header, payload: Payload(copying: frame.payload)), receivedUTCNs: Int64(frame.time))
            try recorder.tick(utcNs: Int64(frame.time))
        }
        if finishing { try recorder.finish() }
        return recorder.files
    }

    private func read(_ reader: MCAPReader, times: ClosedRange<UInt64> = 0...UInt64.max) -> [Kept] {
        var found: [Kept] = []
        reader.readFrames(times: times) { (frame) throws(Never) in
            found.append(Kept(header: frame.header, time: frame.receivedUTCNs, payload: [UInt8](frame.payload)))
            return true
        }
        return found
    }

    @Test(arguments: ChunkCompression.allCases) func frames_ComeBackAsTheyCame(_ compression: ChunkCompression) throws {
        var settings = FrameRecorder.Settings()
        settings.compression = compression
        let frames = Self.frames(200), region = Array("version: 1".utf8)
        let files = try record(frames, settings: settings, attachments: [.init(name: "regions.yaml", mediaType: "application/yaml", data: region)])
        let reader = try MCAPReader(path: try #require(files.first))
        #expect(files.count == 1 && reader.losses.isEmpty && !reader.index.isRecovered)
        #expect(reader.cameras == ["line1/side", "line1/top", "line2"] && reader.index.messageCount == 400)
        #expect(read(reader) == frames)
        #expect(try reader.attachment(named: "regions.yaml") == region)
        #expect(try reader.attachment(named: "other") == nil)
        #expect(reader.index.library == "flawd test")
        if compression != .none {
            let packed = try Data(contentsOf: URL(fileURLWithPath: files[0])).count
            #expect(packed < frames.reduce(0) { $0 + $1.payload.count })
        }
    }

    @Test func aTimeRange_IsReadByTheIndexAlone() throws {
        let frames = Self.frames(200), path = try #require(try record(frames).first), reader = try MCAPReader(path: path)
        #expect(reader.index.times == frames[0].time...frames[199].time)
        #expect(read(reader, times: frames[120].time...frames[140].time) == Array(frames[120...140]))
        // The first chunk is overwritten; what lies behind it is read all the same.
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seek(toOffset: reader.index.chunks[0].offset + 100)
        try file.write(contentsOf: Data(repeating: 0xAA, count: 100))
        let damaged = try MCAPReader(path: path)
        #expect(read(damaged, times: frames[120].time...frames[140].time) == Array(frames[120...140]) && damaged.losses.isEmpty)
        #expect(read(damaged).count < 200 && damaged.losses.count == 1 && damaged.losses[0].contains("its CRC is another"))
    }

    @Test func cutAtAnyByte_ItIsRecoveredOrRefused() throws {
        let frames = Self.frames(12, bytes: 20, apartMs: 350), path = try #require(try record(frames).first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path)), cut = "\(folder)/cut.mcap"
        var most = 0
        for count in 0..<whole.count {
            try whole.prefix(count).write(to: URL(fileURLWithPath: cut))
            do {
                let reader = try MCAPReader(path: cut), found = read(reader)
                #expect(!reader.losses.isEmpty && found == Array(frames.prefix(found.count)))
                #expect(found.count >= most)
                most = found.count
            } catch {
                #expect(count < 8 && "\(error)".contains("no MCAP file"))
            }
        }
        #expect(most == 12)
    }

    @Test func aFlippedBit_NeverMakesAnotherFrame() throws {
        let frames = Self.frames(9, bytes: 20, apartMs: 350), path = try #require(try record(frames).first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path)), flipped = "\(folder)/flipped.mcap"
        for place in whole.indices {
            var bytes = whole
            bytes[place] ^= 1 << UInt8(place % 8)
            try bytes.write(to: URL(fileURLWithPath: flipped))
            guard let reader = try? MCAPReader(path: flipped) else { continue }
            for frame in read(reader) { #expect(frames.contains(frame), "byte \(place)") }
        }
    }

    /// What a kill leaves: no summary, and the last chunk perhaps not there.
    @Test func whatWasNotFinished_IsReadToItsLastChunk() throws {
        let frames = Self.frames(200), path = try #require(try record(frames, finishing: false).first)
        let reader = try MCAPReader(path: path), found = read(reader)
        #expect(reader.index.isRecovered && reader.losses.count == 1 && reader.losses[0].contains("was not finished"))
        // A chunk leaves after a second, which has fifty frames.
        #expect(found.count >= 140 && found == Array(frames.prefix(found.count)))
    }

    /// As other programs write it: each channel is told of once, in the first chunk that uses it, and the file has no end.
    @Test func channelsThatOneChunkTellsOf_HoldForTheOthers() throws {
        let path = "\(folder)/once.mcap", frame = Self.frames(2)[1]
        var file = FieldWriter()
        file.put(MCAPFormat.magic)
        for index in 0..<3 {
            var records = FieldWriter()
            if index == 0 {
                records.putRecord(.schema) { fields in
                    fields.put(UInt16(1))
                    fields.put(FoxgloveImage.compressedName)
                    fields.put("protobuf")
                    fields.put(UInt32(0))
                }
                records.putRecord(.channel) { fields in
                    fields.put(UInt16(7))
                    fields.put(UInt16(1))
                    fields.put("/station/color")
                    fields.put("protobuf")
                    fields.put([:])
                }
            }
            records.putRecord(.message) { fields in
                fields.put(UInt16(7))
                fields.put(UInt32(index))
                fields.put(UInt64(1000 + index))
                fields.put(UInt64(1000 + index))
                frame.payload.withUnsafeBytes { FoxgloveImage.putCompressed($0, camera: "c", utcNs: 5, into: &fields) }
            }
            file.putRecord(.chunk) { fields in
                fields.put(UInt64(1000 + index))
                fields.put(UInt64(1000 + index))
                fields.put(UInt64(records.bytes.count))
                fields.put(UInt32(0))
                fields.put("")
                fields.put(UInt64(records.bytes.count))
                fields.put(records.bytes)
            }
        }
        try Data(file.bytes).write(to: URL(fileURLWithPath: path))
        let whole = try MCAPReader(path: path)
        #expect(read(whole).map(\.header.camera) == ["station", "station", "station"] && whole.losses.count == 1)
        // The last chunk alone: it is the first that says what it holds.
        #expect(read(try MCAPReader(path: path), times: 1002...1002).map(\.payload) == [frame.payload])
    }

    @Test func aSpanOfTime_IsFoundByTheIndex_AndTheRestIsNotRead() throws {
        // A chunk a second: forty of some 600 kB.
        let frames = Self.frames(2000, bytes: 20_000), path = try #require(try record(frames).first)
        let reader = try MCAPReader(path: path), chunks = reader.index.chunks
        let largest = chunks.map(\.length).max() ?? 0, opened = reader.source.bytesRead
        #expect(chunks.count >= 38 && opened < largest / 4, "opening reads the summary alone")
        let times = frames[1000].time...frames[1020].time
        #expect(read(reader, times: times) == Array(frames[1000...1020]))
        #expect(reader.source.bytesRead - opened <= 3 * largest && reader.source.size > 30 * largest)
    }

    @Test func aHoleOfFiftyGigabytes_IsStepped() throws {
        let frames = Self.frames(100)
        let first = try Data(contentsOf: URL(fileURLWithPath: #require(try record(Array(frames[..<50])).first)))
        let second = try Data(contentsOf: URL(fileURLWithPath: #require(try record(Array(frames[50...])).first)))
        func chunks(_ bytes: Data, _ reader: MCAPReader) -> Data {
            let start = Int(reader.index.chunks[0].offset), last = reader.index.chunks[reader.index.chunks.count - 1]
            return bytes.subdata(in: start..<Int(last.offset + last.length + last.messageIndexLength))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { "\(folder)/\($0)" }
        let path = "\(folder)/sparse.mcap", hole: UInt64 = 50 << 30
        var bytes = Data(MCAPFormat.magic)
        bytes += chunks(first, try MCAPReader(path: names[0]))
        bytes.append(0x80)
        withUnsafeBytes(of: hole.littleEndian) { bytes.append(contentsOf: $0) }
        try bytes.write(to: URL(fileURLWithPath: path))
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seek(toOffset: UInt64(bytes.count) + hole)
        try file.write(contentsOf: chunks(second, try MCAPReader(path: names[1])))
        #expect(read(try MCAPReader(path: path)) == frames)
    }

    @Test func files_TakeTurns_AndTheOldestGo() throws {
        var settings = FrameRecorder.Settings()
        settings.fileBytes = 20_000
        settings.keepBytes = 60_000
        try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(folder)/other.mcap"))
        let frames = Self.frames(600), files = try record(frames, settings: settings)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0 != "other.mcap" }.sorted()
        #expect(files.count > 5 && left.count >= 2 && left.count <= 5)
        #expect(left == files.suffix(left.count).map { URL(fileURLWithPath: $0).lastPathComponent })
        #expect(FileManager.default.fileExists(atPath: "\(folder)/other.mcap"))
        let found = try left.flatMap { read(try MCAPReader(path: "\(folder)/\($0)")) }
        #expect(found == Array(frames.suffix(found.count)))
        settings.keepBytes = nil
        settings.fileBytes = 1 << 30
        settings.fileSeconds = 2
        #expect(try record(frames, settings: settings).count == 6)
    }

    /// A clock that is years behind, or ahead, takes no recording of today.
    @Test func ownFiles_AreTheNewest_AndNothingGoesByAgeBeforeTheClockIsTrusted() throws {
        let later = "\(folder)/flawd-20990101T000000.000Z.mcap", folder = RecordingFolder(path: folder), now = UInt64(Date().timeIntervalSince1970 * 1e9)
        try Data(count: 50_000).write(to: URL(fileURLWithPath: later))
        let files = try record(Self.frames(300), settings: .init())
        try folder.retain(bytes: 1, seconds: nil, own: files, at: now)
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder) == files.suffix(1).map { URL(fileURLWithPath: $0).lastPathComponent })
        try Data(count: 50_000).write(to: URL(fileURLWithPath: later))
        var settings = FrameRecorder.Settings()
        settings.keepSeconds = 1
        let recorder = try FrameRecorder(folder: self.folder, program: "test", settings: settings), ahead = Int64(now) + 400 * 86_400_000_000_000
        try recorder.tick(utcNs: ahead)
        #expect(FileManager.default.fileExists(atPath: later))
        recorder.trustsAges = true
        try recorder.tick(utcNs: ahead + 61_000_000_000)
        // The newest stays, whatever its age.
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder) == ["flawd-20990101T000000.000Z.mcap"])
    }

    @Test func withoutRoomOnTheDisk_ItEnds() throws {
        var settings = FrameRecorder.Settings()
        settings.reserveBytes = 1 << 60
        #expect { try FrameRecorder(folder: folder, program: "", settings: settings) } throws: { "\($0)".contains("are kept for others") }
        #expect { try FrameRecorder(folder: "\(folder)/none", program: "") } throws: { "\($0)".contains("\(folder)/none") }
    }

    @Test func verdicts_LieBesideTheFrames() throws {
        let recorder = try FrameRecorder(folder: folder, program: "flawd test", verdictSchema: Array(#"{"type": "object"}"#.utf8))
        let frame = Self.frames(1)[0], verdict = Array(#"{"verdict": "pass"}"#.utf8)
        try recorder.record(IncomingFrame(header: frame.header, payload: Payload(copying: frame.payload)), receivedUTCNs: Self.start)
        try recorder.record(verdict: verdict, topic: "line1/top/verdict", receivedUTCNs: Self.start + 1)
        try recorder.finish()
        let reader = try MCAPReader(path: try #require(recorder.files.first))
        #expect(reader.otherTopics == ["line1/top/verdict"])
        var found: [[UInt8]] = []
        reader.read { (message) throws(Never) in
            if message.channel.topic.hasSuffix("/verdict") {
                #expect(message.channel.schema?.name == "flawd.Verdict" && message.channel.encoding == "json")
                found.append([UInt8](message.data))
            }
            return true
        }
        #expect(found == [verdict])
    }

    @Test func whatIsNoRecording_IsSaid() throws {
        let path = "\(folder)/x.mcap"
        #expect { try MCAPReader(path: path) } throws: { "\($0)".contains(path) && "\($0)".contains("open") }
        try Data("a JPEG, or whatever it is".utf8).write(to: URL(fileURLWithPath: path))
        #expect { try MCAPReader(path: path) } throws: { "\($0)".contains("no MCAP file") }
        #expect { try MCAPReader(path: folder) } throws: { "\($0)".contains(folder) }
    }
}
