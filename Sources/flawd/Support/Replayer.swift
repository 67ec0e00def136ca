import Dispatch
import Foundation
import Imaging
import SelfPerception
import Service
import Streaming

/// `flawd replay` at work, on one thread.
final class Replayer {
    struct Summary: Sendable {
        var sent = 0
        var skipped = 0
        var bytes = 0
        var seconds = 0.0
        var camera = ""

        var text: String {
            let rate = seconds > 0 ? "\(fixed(Double(sent) / seconds, 1)) frames/s" : "at once"
            let bad = skipped > 0 ? ", \(skipped) skipped" : ""
            return "replay: \(sent) frames of \(camera) sent\(bad), \(fixed(Double(bytes) / 1e6, 1)) MB in \(fixed(seconds, 1)) s (\(rate))"
        }
    }

    private let command: ReplayCommand
    private let camera: String
    private let rate: Double
    private let files: [String]
    private let stop: StopSignal
    private let publisher: Publisher
    private let decoder = FrameDecoder(limits: ImageLimits())
    private let image = RGBImage()
    private var raw: [UInt8] = []
    private var summary = Summary()
    private var named: Set<String> = []

    init(command: ReplayCommand, context: MessagingContext, files: [String], endpoints: [Endpoint], stop: StopSignal) throws {
        self.command = command
        self.files = files
        self.stop = stop
        camera = command.camera ?? "line1/top"
        rate = command.rate ?? 10
        publisher = try Publisher(replaying: command, in: context, to: endpoints, isPatient: rate == 0, stop: stop)
        summary.camera = camera
        for endpoint in endpoints { Terminal.printError("replay: \(files.count) files as \(camera), \(endpoint)") }
    }

    func run() throws -> Summary {
        try publisher.waitForSubscriber(of: command, stop: stop)
        let begun = DispatchTime.now()
        let interval = rate > 0 ? UInt64(1e9 / rate) : 0
        var due = begun
        repeat {
            let before = summary.sent
            for file in files {
                if interval > 0, stop.wait(until: due) || stop.isStopped { break }
                if stop.isStopped { break }
                if try send(file) {
                    // From the plan, not from now: the rate is kept on average. After a stall it does not catch up.
                    due = max(due + .nanoseconds(Int(interval)), .now() - .milliseconds(500))
                }
                report()
            }
            // A folder without one usable file is not worth another round.
            if summary.sent == before { break }
        } while command.loop && !stop.isStopped
        summary.seconds = Double(DispatchTime.now().uptimeNanoseconds - begun.uptimeNanoseconds) / 1e9
        // A socket that is closed drops what it has not yet written; the last frames are on their way for this long at most.
        if stop.wait(until: .now() + .milliseconds(500)) { publisher.hurry() }
        return summary
    }

    /// False: the file was skipped.
    private func send(_ path: String) throws -> Bool {
        let url = URL(fileURLWithPath: path)
        var header = FrameHeader(
            format: .cameraStream, camera: camera, codec: .jpeg, sequence: UInt64(summary.sent),
            partID: url.deletingPathExtension().lastPathComponent)
        let payload: Payload
        do {
            let data = try Data(contentsOf: url)
            payload = Payload(copying: [UInt8](data))
            try decoder.decode(IncomingFrame(header: header, payload: payload), into: image)
        } catch {
            summary.skipped += 1
            if named.insert(path).inserted {
                Terminal.progress("")
                Terminal.printError("replay: \(path): skipped: \((error as? StreamingError)?.description ?? error.localizedDescription)")
            }
            return false
        }
        header.capturedMonotonicNs = PipelineClock.system.monotonicNs()
        header.capturedUTCNs = PipelineClock.system.utcNs()
        header.size = image.size
        switch command.codec ?? .jpeg {
        case .jpeg:
            try payload.withBytes { try send(header, codec: "jpeg", $0) }
        case .raw:
            header.codec = .rawBGR8
            takeBGR()
            try raw.withUnsafeBytes { try send(header, codec: "raw_bgr8", $0) }
        }
        return true
    }

    private func send(_ header: FrameHeader, codec: String, _ payload: UnsafeRawBufferPointer) throws {
        try publisher.send(
            frame: header, stream: "color", pixelFormat: "bgr8", codecName: codec, size: image.size, payload: payload)
        summary.sent += 1
        summary.bytes += payload.count
    }

    private func takeBGR() {
        let pixels = image.bytes
        raw.removeAll(keepingCapacity: true)
        raw.reserveCapacity(pixels.count)
        for index in stride(from: 0, to: pixels.count, by: 3) {
            raw.append(pixels[index + 2])
            raw.append(pixels[index + 1])
            raw.append(pixels[index])
        }
    }

    private func report() {
        let total = command.loop ? "" : " of \(files.count)"
        if Terminal.errorIsTerminal {
            Terminal.progress("replay: \(summary.sent)\(total) frames")
        } else if summary.sent > 0, summary.sent % 100 == 0 {
            Terminal.printError("replay: \(summary.sent)\(total) frames")
        }
    }
}

extension Publisher {
    /// - Parameter isPatient: frames wait for subscribers that are behind, until it is time to stop.
    convenience init(replaying command: ReplayCommand, in context: MessagingContext, to endpoints: [Endpoint], isPatient: Bool, stop: StopSignal) throws {
        // A frame is large: a subscriber that is slow may be few of them behind.
        try self.init(
            context: context, endpoints: endpoints, highWaterMark: isPatient ? 16 : 1000, isPatient: isPatient ? { !stop.isStopped } : nil)
    }

    func waitForSubscriber(of command: ReplayCommand, stop: StopSignal) throws {
        guard command.wait else { return }
        let deadline = DispatchTime.now() + command.waitTimeout
        while !stop.isStopped, DispatchTime.now() < deadline {
            if try waitForSubscribers(timeoutMs: 100) { return }
            Terminal.progress("replay: waiting for a subscriber")
        }
        if !stop.isStopped {
            throw Failure("nobody subscribed within \(fixed(command.waitTimeout, 1)) s; --no-wait sends regardless")
        }
    }
}
