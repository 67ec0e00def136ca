import Dispatch
import Foundation
import Inspection
import SelfPerception
import Service
import Streaming

/// `flawd record` at work, on one thread.
final class FrameTaker {
    private let command: RecordCommand
    private let stop: StopSignal
    private let frames: FrameSubscriber
    private let verdicts: EventSubscriber?
    private let recorder: FrameRecorder
    private var unusable = 0
    /// Frames that cameras counted and that did not come, and each camera's last number.
    private var missing: UInt64 = 0
    private var numbers: [String: UInt64] = [:]
    /// The log time of the last frame or verdict.
    private var lastNs: Int64 = 0
    private var spoken = DispatchTime.now()
    private var wallClock = WallClock(.system)

    init(
        command: RecordCommand, context: MessagingContext, endpoints: [Endpoint], verdicts sources: [Endpoint], attachments: [FrameRecorder.Attachment],
        stop: StopSignal
    ) throws {
        self.command = command
        self.stop = stop
        // Room for a second of frames while the disk is slow.
        var limits = StreamLimits()
        limits.receiveHighWaterMark = 128
        frames = try FrameSubscriber(context: context, endpoints: endpoints, limits: limits)
        verdicts = sources.isEmpty ? nil : try EventSubscriber(context: context, endpoints: sources, topics: [""])
        do { try FileManager.default.createDirectory(atPath: command.folder, withIntermediateDirectories: true) } catch {
            throw InvalidInput("\(command.folder): cannot be made: \(error.localizedDescription)")
        }
        recorder = try FrameRecorder(
            folder: command.folder, program: "flawd \(BuildIdentity.current())", settings: command.settings, attachments: attachments,
            verdictSchema: Array(JSONSchema.verdict.utf8))
        for endpoint in endpoints { Terminal.printError("record: \(endpoint), into \(command.folder)") }
    }

    /// - Returns: whether everything that came was recorded.
    func run() throws -> Bool {
        var isWhole = true
        do { try take() } catch {
            isWhole = false
            Terminal.progress("")
            Terminal.printError("record: ends: \(error)")
        }
        do { try recorder.finish() } catch {
            isWhole = false
            Terminal.printError("record: the last file is not whole: \(error)")
        }
        Terminal.progress("")
        let bad = unusable > 0 ? ", \(unusable) damaged ones left out" : ""
        let gaps = missing > 0 ? ", \(missing) missing in the cameras' own counts" : ""
        let others = verdicts == nil ? "" : ", \(recorder.verdicts) verdicts"
        // What never came out of its chunk is in no file.
        let lost = recorder.waiting > 0 ? ", \(recorder.waiting) lost with the disk" : ""
        Terminal.printError("record: \(recorder.frames - recorder.waiting) frames, \(fixed(Double(recorder.bytes) / 1e6, 1)) MB\(others)\(bad)\(gaps)\(lost)")
        return isWhole
    }

    private func take() throws {
        var quietSince = DispatchTime.now()
        while !stop.isStopped {
            if let incoming = try frames.receive(timeoutMs: verdicts == nil ? 100 : 5), try keep(incoming) {
                quietSince = .now()
            } else if let timeout = command.timeout, DispatchTime.now() > quietSince + timeout {
                return
            }
            // As many as a burst has; frames wait meanwhile.
            for _ in 0..<64 { guard try takeVerdict() else { break } }
            recorder.trustsAges = wallClock.isSteady()
            try recorder.tick(utcNs: now())
            if let count = command.count, recorder.frames >= count { return }
            report()
        }
    }

    /// Log times never go back in a file: frames would come back in another order. A clock that was set back by more than a second
    /// begins a new file; by less, it stands still until it has caught up.
    private func now() throws -> Int64 {
        let utcNs = PipelineClock.system.utcNs()
        if utcNs < lastNs - 1_000_000_000 {
            try recorder.finish(waitsForDisk: false)
            lastNs = utcNs
        }
        lastNs = max(lastNs, utcNs)
        return lastNs
    }

    /// A jump ahead in a camera's own count is frames that did not come; any other change begins a new count.
    private func count(_ header: FrameHeader) {
        guard header.format == .cameraStream, let number = header.sequence else { return }
        if let last = numbers[header.camera], number > last, number - last < 1 << 32 { missing += number - last - 1 }
        if numbers[header.camera] != nil || numbers.count < FrameRecorder.maxCameras { numbers[header.camera] = number }
    }

    private func keep(_ incoming: Incoming) throws -> Bool {
        switch incoming {
        case .frame(let frame):
            guard command.camera.isEmpty || command.camera.contains(where: frame.header.camera.hasPrefix) else { return false }
            count(frame.header)
            try recorder.record(frame, receivedUTCNs: now())
        case .unusable(let camera, _, _, let problem):
            unusable += 1
            if unusable <= 10 {
                Terminal.progress("")
                Terminal.printError("record: \(Terminal.clean(camera)): left out: \(Terminal.clean(problem))")
            }
        case .rejected(let problem):
            unusable += 1
            if unusable <= 10 { Terminal.printError("record: left out: \(Terminal.clean(problem))") }
            return false
        case .notice:
            return false
        }
        return true
    }

    /// False: there was none.
    private func takeVerdict() throws -> Bool {
        guard let parts = try verdicts?.receive(timeoutMs: 0) else { return false }
        guard parts.count == 2, let topic = String(validating: parts[0], as: UTF8.self), topic.utf8.count <= 256, topic.hasSuffix("/verdict") else { return true }
        try recorder.record(verdict: parts[1], topic: topic, receivedUTCNs: now())
        return true
    }

    private func report() {
        guard DispatchTime.now() > spoken + (Terminal.errorIsTerminal ? 0.2 : 60) else { return }
        spoken = .now()
        let text = "record: \(recorder.frames) frames, \(fixed(Double(recorder.bytes) / 1e6, 1)) MB"
        if Terminal.errorIsTerminal { Terminal.progress(text) } else { Terminal.printError(text) }
    }
}
