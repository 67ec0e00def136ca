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
    /// The files that could be opened; each is opened again when its turn comes, since there may be thousands.
    private var paths: [String] = []
    /// The first frame's log time, as far as the files tell.
    private var start = UInt64.max
    private let publisher: Publisher
    private var sent: [String: Int] = [:]
    private var count = 0
    private var bytes = 0
    private var losses: [String] = []
    private var first: [UInt8] = []
    /// Log time and moment that the pace is counted from.
    private var origin: (logTime: UInt64, sent: DispatchTime)?
    private var lastTime: UInt64 = 0

    init(command: ReplayCommand, context: MessagingContext, endpoints: [Endpoint], stop: StopSignal) throws {
        self.command = command
        self.stop = stop
        speed = command.speed ?? 1
        publisher = try Publisher(replaying: command, in: context, to: endpoints, isPatient: speed == 0, stop: stop)
        try look()
        for endpoint in endpoints { Terminal.printError("replay: \(paths.count) recordings, \(endpoint)") }
    }

    /// What the files tell without being read: one that is no recording is a loss where there are others.
    private func look() throws {
        var cameras: Set<String> = [], others: Set<String> = [], isTold = true, problem: RecordingError?
        for path in command.paths {
            let reader: MCAPReader
            do { reader = try MCAPReader(path: path) } catch {
                problem = problem ?? error
                lose([error.description])
                continue
            }
            paths.append(path)
            cameras.formUnion(reader.cameras)
            others.formUnion(reader.otherTopics)
            start = min(start, reader.index.times?.lowerBound ?? .max)
            // Only the chunks themselves tell the cameras of a file without its end, or without a list of channels.
            if reader.index.isRecovered || reader.index.channels.isEmpty { isTold = false }
        }
        if paths.isEmpty, let problem { throw problem }
        guard isTold else { return }
        guard !cameras.isEmpty else {
            let known = others.isEmpty ? "" : "; there are \(Self.list(others))"
            throw InvalidInput("\(paths[0]): has no pictures that flawd reads (foxglove.CompressedImage with JPEG or foxglove.RawImage with bgr8, as protobuf)\(known)")
        }
        guard cameras.contains(where: isWanted) else {
            throw InvalidInput("\(paths[0]): has no camera \(command.camera ?? ""); there are \(Self.list(cameras))")
        }
    }

    private static func list(_ names: Set<String>) -> String { names.sorted().prefix(20).map { Terminal.clean($0) }.joined(separator: ", ") }

    /// - Returns: whether everything in the recordings was sound.
    func run() throws -> Bool {
        let lower = command.from?.nanoseconds(after: start) ?? 0, upper = command.to?.nanoseconds(after: start) ?? .max
        guard lower <= upper else { throw InvalidInput("--from lies behind --to") }
        try publisher.waitForSubscriber(of: command, stop: stop)
        let begun = DispatchTime.now()
        do {
            repeat {
                let before = count
                origin = nil
                for path in paths where !stop.isStopped { try replay(path, lower...upper) }
                if count == before { break }
            } while command.loop && !stop.isStopped
        } catch let error as StreamingError where error.code == .wouldBlock && stop.isStopped {
            // It was waiting for a subscriber.
        }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - begun.uptimeNanoseconds) / 1e9
        // A socket that is closed drops what it has not yet written; the last frames are on their way for this long at least.
        if stop.wait(until: .now() + .milliseconds(500)) { publisher.hurry() }
        Terminal.progress("")
        let cameras = sent.sorted { $0.key < $1.key }.prefix(10).map { "\($0.value) of \(Terminal.clean($0.key))" }.joined(separator: ", ")
        Terminal.printError("replay: \(count) frames sent (\(cameras)), \(fixed(Double(bytes) / 1e6, 1)) MB in \(fixed(seconds, 1)) s")
        for line in losses { Terminal.printError("replay: not whole: \(Terminal.clean(line))") }
        if count == 0, !stop.isStopped, losses.isEmpty { throw InvalidInput("\(command.paths[0]): has no frame of those that are wanted") }
        return losses.isEmpty
    }

    private func replay(_ path: String, _ times: ClosedRange<UInt64>) throws {
        let reader: MCAPReader
        do { reader = try MCAPReader(path: path) } catch { return lose([error.description]) }
        defer { lose(reader.losses) }
        try reader.readFrames(times: times, of: isWanted) { frame in
            guard wait(for: frame) else { return false }
            try send(frame)
            report()
            return !stop.isStopped
        }
    }

    private func lose(_ lines: [String]) { for line in lines where losses.count < 100 && !losses.contains(line) { losses.append(line) } }

    private func isWanted(_ camera: String) -> Bool { camera.hasPrefix(command.camera ?? "") }

    /// Waits until a frame is due; false: it is time to stop. Where time goes back, from one file to another, the pace begins anew.
    private func wait(for frame: RecordedFrame) -> Bool {
        guard speed > 0 else { return !stop.isStopped }
        let time = frame.receivedUTCNs
        if origin == nil || time < lastTime { origin = (time, .now()) }
        lastTime = time
        guard let origin else { return true }
        return !stop.wait(until: origin.sent + Double(time - origin.logTime) / 1e9 / speed)
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
