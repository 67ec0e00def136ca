import DequeModule
import Inspection
import Streaming

/// A frame and what was said of it.
struct JudgedFrame: Sendable {
    /// nil: what came was no frame, but has a verdict.
    var frame: IncomingFrame?
    var event: VerdictEvent

    var bytes: Int { frame?.payload.count ?? 0 }
}

/// Picks the frames that are recorded out of all, in the order in which they were published.
struct FrameSelector {
    private struct Camera {
        /// The latest that were not picked, for the sake of the next failure.
        var waiting: Deque<JudgedFrame> = []
        /// To be picked because of the last failure.
        var after = 0
        var count = 0
    }

    private let selection: RecordingSettings.Selection
    private let mostWaitingBytes: Int
    private var waitingBytes = 0
    /// As many as the pipeline follows.
    private var cameras: [String: Camera] = [:]

    /// - Parameter mostWaitingBytes: of payloads that wait for a failure, of all cameras together.
    init(_ selection: RecordingSettings.Selection, mostWaitingBytes: Int = .max) {
        self.selection = selection
        self.mostWaitingBytes = mostWaitingBytes
    }

    /// Gives `pick` the frames that are to be recorded now; `drop` those that never will be.
    ///
    /// - Returns: whether a frame was dropped that a failure would have wanted, because all that wait are too much.
    @discardableResult
    mutating func take(_ item: JudgedFrame, pick: (JudgedFrame) -> Void, drop: (JudgedFrame) -> Void) -> Bool {
        var camera = cameras[item.event.camera] ?? Camera()
        switch selection {
        case .all: pick(item)
        case .sampled(let every):
            camera.count % every == 0 ? pick(item) : drop(item)
            camera.count = (camera.count + 1) % every
        case .failures(let before, let after):
            if item.event.verdict != .pass {
                while let earlier = camera.waiting.popFirst() {
                    waitingBytes -= earlier.bytes
                    pick(earlier)
                }
                pick(item)
                camera.after = after
            } else if camera.after > 0 {
                camera.after -= 1
                pick(item)
            } else {
                camera.waiting.append(item)
                waitingBytes += item.bytes
                while camera.waiting.count > before, let oldest = camera.waiting.popFirst() {
                    waitingBytes -= oldest.bytes
                    drop(oldest)
                }
            }
        }
        cameras[item.event.camera] = camera
        guard waitingBytes > mostWaitingBytes else { return false }
        while waitingBytes > mostWaitingBytes, let name = cameraOfOldest, let oldest = cameras[name]?.waiting.popFirst() {
            waitingBytes -= oldest.bytes
            drop(oldest)
        }
        return true
    }

    private var cameraOfOldest: String? {
        cameras.compactMap { name, camera in camera.waiting.first.map { (name: name, utcNs: $0.event.receivedUTCNs) } }.min { $0.utcNs < $1.utcNs }?.name
    }

    /// Gives up what waits for a failure.
    mutating func finish(drop: (JudgedFrame) -> Void) {
        for camera in cameras.values { camera.waiting.forEach(drop) }
        cameras.removeAll()
        waitingBytes = 0
    }
}
