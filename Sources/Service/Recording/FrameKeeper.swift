import Dispatch
import Foundation
import Imaging
import Inspection
import Logging
import ServiceLifecycle
import Streaming
import Synchronization

/// Records frames and their verdicts beside the pipeline, on a thread of its own. It never slows inspection: what the disk does not take
/// in time, or has no room for, is counted, said and not recorded.
final class FrameKeeper: FrameTap, Service {
    private let settings: RecordingSettings
    private let regions: ReloadableFile<RegionFile>
    /// Goes into every file; the one in force.
    private let configuration: Monitor<FrameRecorder.Attachment?>
    private let program: String
    private let clock: PipelineClock
    private let logger: Logger
    /// Publishes a status event.
    private let tell: @Sendable (StatusEvent.Condition, String) -> Void
    private let queue = BoundedQueue<JudgedFrame>(capacity: 1024)
    /// Bytes of payloads between `hold` and the file.
    private let held = Atomic<Int>(0)
    private let missed = Atomic<Int>(0)
    private let recorded = Atomic<UInt64>(0)
    private let stopped = Atomic<Bool>(false)
    private let throttle = LogThrottle()
    private let crowd = LogThrottle()

    /// After the disk refused, how long until it is asked again.
    private static let retryNs: Int64 = 10_000_000_000

    init(
        settings: RecordingSettings, regions: ReloadableFile<RegionFile>, configuration: FrameRecorder.Attachment?, program: String,
        clock: PipelineClock = .system, logger: Logger, tell: @escaping @Sendable (StatusEvent.Condition, String) -> Void
    ) {
        self.settings = settings
        self.regions = regions
        self.configuration = Monitor(configuration)
        self.program = program
        self.clock = clock
        self.logger = logger
        self.tell = tell
    }

    /// Another configuration came into force: the next frame begins a new file with it.
    func take(configuration new: FrameRecorder.Attachment?) { configuration.update { $0 = new } }

    /// Frames that should have been recorded and were not.
    var missedCount: Int { missed.load(ordering: .relaxed) }
    /// Frames that are in a recording.
    var recordedCount: UInt64 { recorded.load(ordering: .relaxed) }
    /// Whether the disk does not take recordings for now.
    var isStopped: Bool { stopped.load(ordering: .relaxed) }
    var folder: String { settings.folder }
    /// Bytes of payloads that wait.
    var heldBytes: Int { held.load(ordering: .relaxed) }

    // MARK: The pipeline's side

    func hold(_ frame: IncomingFrame) -> Bool {
        let bytes = frame.payload.count
        guard held.add(bytes, ordering: .relaxed).newValue <= settings.waitingBytes else {
            held.subtract(bytes, ordering: .relaxed)
            miss("frames arrive faster than they are recorded")
            return false
        }
        return true
    }

    func take(_ event: VerdictEvent, frame: IncomingFrame?, draft: RunLengthCode? = nil) {
        guard let refused = queue.tryPush(JudgedFrame(frame: frame, event: event)) else { return }
        release(refused)
        if frame != nil { miss("frames arrive faster than they are recorded") }
    }

    func release(_ frame: IncomingFrame) { held.subtract(frame.payload.count, ordering: .relaxed) }

    private func release(_ item: JudgedFrame) { if let frame = item.frame { release(frame) } }

    private func miss(_ why: String) {
        let count = missed.add(1, ordering: .relaxed).newValue
        guard throttle.admit(now: clock.monotonicNs()) != nil else { return }
        logger.warning("not recorded: \(why) (\(count) frames so far)")
    }

    // MARK: The recorder's side

    func run() async throws {
        // When another service fails, this one is cancelled.
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                DispatchQueue(label: "flawd.record").async { @Sendable in
                    self.record()
                    continuation.resume()
                }
            }
        } onCancelOrGracefulShutdown: {
            self.close()
        }
    }

    /// What was taken is still recorded.
    func close() { queue.close() }

    /// Until the queue is closed and everything in it is recorded.
    private func record() {
        // What waits for a failure leaves room for the failure.
        var selector = FrameSelector(settings.selection, mostWaitingBytes: settings.waitingBytes / 2), files = Files(keeper: self)
        loop: while true {
            switch queue.pop(timeoutMs: 500) {
            case .element(let item):
                let isCrowded = selector.take(item, pick: { files.write($0) }, drop: { release($0) })
                if isCrowded { warnOfCrowd() }
            case .nothing: break
            case .ended: break loop
            }
            files.tick()
        }
        selector.finish(drop: release)
        files.finish()
    }

    private func warnOfCrowd() {
        guard crowd.admit(now: clock.monotonicNs()) != nil else { return }
        logger.warning("fewer frames before a failure are recorded than recording.before asks for: those of all cameras need more than \(settings.waitingBytes >> 21) MiB of memory")
    }

    /// The open recording, as far as the disk allows one.
    private struct Files {
        let keeper: FrameKeeper
        private var recorder: FrameRecorder?
        /// Frames of the recorders before.
        private var earlier: UInt64 = 0
        /// Of the region file in the open recording.
        private var revision: String?
        /// The configuration in the open recording.
        private var configuration: [UInt8]?
        private var isStopped = false
        private var nextAttempt: Int64 = .min
        private var wallClock: WallClock

        init(keeper: FrameKeeper) {
            self.keeper = keeper
            wallClock = WallClock(keeper.clock)
        }

        mutating func write(_ item: JudgedFrame) {
            defer { keeper.release(item) }
            guard let recorder = open() else {
                if item.frame != nil { keeper.miss("the recording is stopped") }
                return
            }
            let known = recorder.frames
            do {
                if let frame = item.frame {
                    try recorder.record(frame, receivedUTCNs: item.event.receivedUTCNs)
                    count(recorder)
                }
                try recorder.record(verdict: item.event.json, topic: "\(item.event.camera)/verdict", receivedUTCNs: item.event.publishedUTCNs)
                resumed()
            } catch {
                // The frame at hand, where it is not one of those that wait for their chunk.
                if item.frame != nil, recorder.frames == known { keeper.miss("the disk refused it") }
                stop(error)
            }
        }

        mutating func tick() {
            let isSteady = wallClock.isSteady()
            recorder?.trustsAges = isSteady
            do {
                try recorder?.tick(utcNs: keeper.clock.utcNs())
                if let recorder { count(recorder) }
            } catch { stop(error) }
        }

        /// Frames count as recorded once their chunk is in the file.
        private func count(_ recorder: FrameRecorder) { keeper.recorded.store(earlier + UInt64(recorder.frames - recorder.waiting), ordering: .relaxed) }

        mutating func finish() {
            guard let recorder else { return }
            do { try recorder.finish() } catch { keeper.logger.error("the last recording is not whole: \(error)") }
            // What never came out of its chunk is not recorded.
            for _ in 0..<recorder.waiting { keeper.miss("the disk refused it") }
            count(recorder)
            earlier = keeper.recordedCount
            self.recorder = nil
        }

        /// A recorder whose files have the region file in force.
        private mutating func open() -> FrameRecorder? {
            let file = keeper.regions.current, attached = keeper.configuration.read { $0 }
            if revision != file.revision || configuration != attached?.data { finish() }
            if let recorder { return recorder }
            guard keeper.clock.monotonicNs() >= nextAttempt else { return nil }
            let attachments = [FrameRecorder.Attachment(name: "regions.yaml", mediaType: "application/yaml", data: file.bytes)] + (attached.map { [$0] } ?? [])
            do {
                recorder = try FrameRecorder(
                    folder: keeper.settings.folder, program: keeper.program, settings: keeper.settings.files, attachments: attachments,
                    verdictSchema: Array(JSONSchema.verdict.utf8))
                revision = file.revision
                configuration = attached?.data
            } catch {
                stop(error)
            }
            return recorder
        }

        private mutating func stop(_ error: any Error) {
            finish()
            nextAttempt = keeper.clock.monotonicNs() + FrameKeeper.retryNs
            guard !isStopped else { return }
            isStopped = true
            keeper.stopped.store(true, ordering: .relaxed)
            keeper.logger.error("frames are not recorded any more: \(error)")
            keeper.tell(.recordingStopped, "\(error)")
        }

        private mutating func resumed() {
            guard isStopped else { return }
            isStopped = false
            keeper.stopped.store(false, ordering: .relaxed)
            keeper.logger.notice("frames are recorded again")
            keeper.tell(.recordingResumed, "frames are recorded again; \(keeper.missedCount) were not")
        }
    }
}

extension FrameRecorder.Attachment {
    /// A configuration, for recordings.
    ///
    /// - Throws: `FileError` naming the file.
    init(configuration path: String) throws(FileError) {
        do { self.init(name: "flawd.yaml", mediaType: "application/yaml", data: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))) } catch {
            throw FileError([.init(file: path, problem: "cannot be read: \(error.localizedDescription)")])
        }
    }
}
