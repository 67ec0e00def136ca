import Dispatch
import Foundation
import Imaging
import SelfPerception
import Streaming

/// `flawd replay` of recordings at work, on one thread.
final class RecordingReplayer {
    private let command: ReplayCommand
    private let stop: StopSignal
    private let speed: Double
    private let readers: [MCAPReader]
    private let publisher: Publisher
    private var sent: [String: Int] = [:]
    private var count = 0
    private var bytes = 0
    private var first: [UInt8] = []
    /// Log time and moment of the first frame of a round.
    private var origin: (logTime: UInt64, sent: DispatchTime)?

    init(command: ReplayCommand, endpoints: [Endpoint], stop: StopSignal) throws {
        self.command = command
        self.stop = stop
        speed = command.speed ?? 1
        readers = try command.paths.map { path throws(RecordingError) in try MCAPReader(path: path) }
        publisher = try Publisher(replaying: command, to: endpoints, isPatient: speed == 0, stop: stop)
        for reader in readers {
            for line in reader.losses { Terminal.printError("replay: \(line)") }
            // Of a file without its end only the chunks themselves tell.
            guard !reader.index.isRecovered else { continue }
            let cameras = reader.cameras
            guard !cameras.isEmpty else { throw Self.withoutPictures(reader) }
            guard cameras.contains(where: isWanted) else {
                throw InvalidInput("\(reader.path): has no camera \(command.camera ?? ""); it has \(cameras.prefix(20).map { Terminal.clean($0) }.joined(separator: ", "))")
            }
        }
        for endpoint in endpoints { Terminal.printError("replay: \(readers.count) recordings, \(endpoint)") }
    }

    /// - Returns: whether everything in the recordings was sound.
    func run() throws -> Bool {
        let start = readers.compactMap(\.index.times).map(\.lowerBound).min() ?? 0
        let lower = command.from?.nanoseconds(after: start) ?? 0, upper = command.to?.nanoseconds(after: start) ?? .max
        guard lower <= upper else { throw InvalidInput("--from lies behind --to") }
        try publisher.waitForSubscriber(of: command, stop: stop)
        let begun = DispatchTime.now()
        repeat {
            let before = count
            origin = nil
            for reader in readers where !stop.isStopped {
                try reader.readFrames(times: lower...upper, of: isWanted) { frame in
                    if try !wait(for: frame) { return false }
                    try send(frame)
                    report()
                    return !stop.isStopped
                }
            }
            if count == before { break }
        } while command.loop && !stop.isStopped
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - begun.uptimeNanoseconds) / 1e9
        // A socket that is closed drops what it has not yet written; the last frames are on their way for this long at most.
        _ = stop.wait(until: .now() + .milliseconds(500))
        Terminal.progress("")
        let cameras = sent.sorted { $0.key < $1.key }.prefix(10).map { "\($0.value) of \(Terminal.clean($0.key))" }.joined(separator: ", ")
        Terminal.printError("replay: \(count) frames sent (\(cameras)), \(fixed(Double(bytes) / 1e6, 1)) MB in \(fixed(seconds, 1)) s")
        let losses = readers.flatMap(\.losses)
        for line in losses { Terminal.printError("replay: not whole: \(line)") }
        if count == 0, !stop.isStopped { throw InvalidInput("no frame that was wanted is there") }
        return losses.isEmpty
    }

    private static func withoutPictures(_ reader: MCAPReader) -> InvalidInput {
        let others = reader.otherTopics.prefix(10).map { Terminal.clean($0) }.joined(separator: ", ")
        return InvalidInput("\(reader.path): has no pictures that flawd reads (foxglove.CompressedImage with JPEG or foxglove.RawImage with bgr8, as protobuf)\(others.isEmpty ? "" : "; it has \(others)")")
    }

    private func isWanted(_ camera: String) -> Bool { camera.hasPrefix(command.camera ?? "") }

    /// Waits until a frame is due; false: it is time to stop.
    private func wait(for frame: RecordedFrame) throws -> Bool {
        guard speed > 0 else { return !stop.isStopped }
        let origin = origin ?? (frame.receivedUTCNs, .now())
        self.origin = origin
        let after = frame.receivedUTCNs >= origin.logTime ? Double(frame.receivedUTCNs - origin.logTime) / 1e9 / speed : 0
        return !stop.wait(until: origin.sent + after)
    }

    private func send(_ frame: RecordedFrame) throws {
        let header = frame.header
        first.removeAll(keepingCapacity: true)
        switch (header.format, header.size) {
        case (.cameraStream, let size?):
            try publisher.send(
                frame: header, stream: "color", pixelFormat: "bgr8", codecName: header.codec.rawValue, size: size, payload: frame.payload)
        case (.imagezmq, let size):
            FrameMessage.appendImageZMQHeader(camera: header.camera, size: header.codec == .rawBGR8 ? size : nil, to: &first)
            try publisher.send(first, payload: frame.payload)
        default:
            first.append(contentsOf: header.camera.utf8)
            try publisher.send(first, payload: frame.payload)
        }
        sent[header.camera, default: 0] += 1
        count += 1
        bytes += frame.payload.count
    }

    private func report() {
        if Terminal.errorIsTerminal {
            Terminal.progress("replay: \(count) frames")
        } else if count % 1000 == 0 {
            Terminal.printError("replay: \(count) frames")
        }
    }
}
