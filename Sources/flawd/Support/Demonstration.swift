import Dispatch
import Foundation
import Imaging
import Inspection
import SelfPerception
import Service
import Streaming

/// `flawd demo` at work: the line's end of the wire, the two child processes, and the book of what was true.
final class Demonstration {
    struct Outcome: Sendable {
        var lines: [String]
        /// Every part got exactly one verdict.
        var isComplete: Bool
    }

    private static let camera = "demo/line"
    /// A camera that the region file does not name: its frames are answered at once, and inspected never.
    private static let syncCamera = "demo/sync"
    private static let size = PixelSize(width: 400, height: 300)

    private let command: DemoCommand
    private let stop: StopSignal
    private let folder: URL
    private let publisher: Publisher
    private let listener: EventSubscriber
    private let daemon: Process
    private let watcher: Process
    private let line: SyntheticLine
    private let encoder = JPEGEncoder(quality: 90)

    private var truth: [String: Bool] = [:]
    private var events: [VerdictEvent] = []
    private var gallery = DemoGallery()
    private var isHeard = false

    init(command: DemoCommand, stop: StopSignal) throws {
        self.command = command
        self.stop = stop
        folder = URL(fileURLWithPath: command.out)
        // Sockets live in a short, private path: ipc addresses may have some 100 bytes.
        let sockets = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("flawd-\(UUID().uuidString.prefix(8))")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.createDirectory(
                at: sockets, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw InvalidInput("\(command.out): \(error.localizedDescription)") }
        let frames = "ipc://\(sockets.path)/frames", verdicts = "ipc://\(sockets.path)/verdicts"
        try DemoFiles.write(to: folder, camera: Self.camera, size: Self.size, frames: frames, verdicts: verdicts, page: command.page)
        line = SyntheticLine(seed: command.seed, size: Self.size)
        let context = try MessagingContext()
        publisher = try Publisher(context: context, endpoints: [Endpoint(.bind, frames)])
        listener = try EventSubscriber(context: context, endpoints: [Endpoint(.connect, verdicts)], topics: [Self.camera, Self.syncCamera])

        _ = FileManager.default.createFile(atPath: folder.appendingPathComponent("run.log").path, contents: nil)
        let log = try FileHandle(forWritingTo: folder.appendingPathComponent("run.log"))
        daemon = try Self.start(["run", "--config", folder.appendingPathComponent("flawd.yaml").path], errors: log)
        watcher = try Self.start(["watch", "--connect", verdicts, "--camera", Self.camera, "--count", "\(command.parts)", "--timeout", "30"], errors: nil)
    }

    deinit {
        for process in [watcher, daemon] where process.isRunning {
            process.terminate()
            process.waitUntilExit()
        }
    }

    /// This same program, as another process.
    private static func start(_ arguments: [String], errors: FileHandle?) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        if let errors { process.standardError = errors }
        try process.run()
        return process
    }

    func run() throws -> Outcome {
        if let page = command.page { Terminal.print("the page is at http://\(page)/ while this runs") }
        Terminal.print("flawd demo: \(command.parts) parts at \(fixed(command.rate, 1)) a second; the daemon's log is \(command.out)/run.log")
        try waitForDaemon()
        let image = RGBImage()
        try waitForVerdicts(image)
        var due = DispatchTime.now()
        for index in 0..<command.parts {
            while !stop.isStopped, DispatchTime.now() < due { try listen(timeoutMs: 5) }
            if stop.isStopped { break }
            let name = String(format: "part-%05d", index)
            truth[name] = line.part(index, into: image).isDefective
            try publish(image, camera: Self.camera, name: name, sequence: UInt64(index))
            due = max(due + .nanoseconds(Int(1e9 / command.rate)), .now() - .milliseconds(500))
        }
        let deadline = DispatchTime.now() + .seconds(20)
        while events.count < truth.count, !stop.isStopped, DispatchTime.now() < deadline { try listen(timeoutMs: 50) }
        // An overlay follows its verdict.
        for _ in 0..<3 { try listen(timeoutMs: 50) }
        let patience = DispatchTime.now() + .seconds(5)
        while watcher.isRunning, !stop.isStopped, DispatchTime.now() < patience { try listen(timeoutMs: 50) }
        return try outcome()
    }

    private func waitForDaemon() throws {
        let deadline = DispatchTime.now() + .seconds(30)
        while DispatchTime.now() < deadline, !stop.isStopped {
            if try publisher.waitForSubscribers(timeoutMs: 100) { return }
            if !daemon.isRunning { throw InvalidInput("`flawd run` ended at once; see \(command.out)/run.log") }
        }
        throw InvalidInput("`flawd run` did not connect within 30 s; see \(command.out)/run.log")
    }

    /// Sends frames that get a verdict at once until one comes back: from then on a subscription on either side of the
    /// daemon cannot be late. `watch` subscribed at the same time as this; it gets the half second that a reconnection may take.
    private func waitForVerdicts(_ image: RGBImage) throws {
        _ = line.part(0, into: image)
        let deadline = DispatchTime.now() + .seconds(30)
        var sequence: UInt64 = 0
        while !isHeard, !stop.isStopped {
            guard DispatchTime.now() < deadline, daemon.isRunning else {
                throw InvalidInput("`flawd run` gave no verdict within 30 s; see \(command.out)/run.log")
            }
            try publish(image, camera: Self.syncCamera, name: nil, sequence: sequence)
            sequence += 1
            try listen(timeoutMs: 100)
        }
        let settled = DispatchTime.now() + .milliseconds(500)
        while !stop.isStopped, DispatchTime.now() < settled { try listen(timeoutMs: 20) }
    }

    private func publish(_ image: RGBImage, camera: String, name: String?, sequence: UInt64) throws {
        let jpeg = try encoder.encode(image)
        let header = FrameHeader(
            format: .cameraStream, camera: camera, codec: .jpeg, sequence: sequence,
            capturedMonotonicNs: PipelineClock.system.monotonicNs(), capturedUTCNs: PipelineClock.system.utcNs(),
            size: image.size, partID: name)
        try jpeg.withUnsafeBytes {
            try publisher.send(frame: header, stream: "color", pixelFormat: "bgr8", codecName: "jpeg", size: image.size, payload: $0)
        }
    }

    /// Takes what the daemon has published.
    private func listen(timeoutMs: Int) throws {
        guard let parts = try listener.receive(timeoutMs: timeoutMs), let topic = parts.first else { return }
        switch String(decoding: topic, as: UTF8.self) {
        case "\(Self.camera)/verdict":
            guard parts.count == 2 else { return }
            let event = try JSONDecoder().decode(VerdictEvent.self, from: Data(parts[1]))
            events.append(event)
            gallery.expect(event, isDefective: event.partID.flatMap { truth[$0] } ?? false)
        case "\(Self.syncCamera)/verdict": isHeard = true
        case "\(Self.camera)/overlay/color":
            if parts.count == 3 { gallery.take(overlay: parts[2]) }
        default: break
        }
    }

    private func outcome() throws -> Outcome {
        var table = TruthTable(isDefective: truth)
        for event in events { table.add(event) }
        var lines = [
            "", "What is true of these parts (\(truth.values.count { $0 }) defective, \(truth.values.count { !$0 }) good) against the verdicts;",
            "an escape is a defective part that was not stopped, overkill a good one that was:",
        ]
        lines += TruthReport.lines(table)
        lines += try gallery.write(to: folder)
        let isComplete = events.count == truth.count && Set(events.compactMap(\.partID)).count == truth.count
        if !isComplete { lines.append("\(truth.count) parts were published and \(events.count) verdicts came") }
        return Outcome(lines: lines, isComplete: isComplete)
    }
}
