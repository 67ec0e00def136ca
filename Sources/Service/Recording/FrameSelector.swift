import DequeModule
import Inspection
import Streaming

/// A frame and what was said of it.
struct JudgedFrame: Sendable {
    /// nil: what came was no frame, but has a verdict.
    var frame: IncomingFrame?
    var event: VerdictEvent
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
    /// As many as the pipeline follows.
    private var cameras: [String: Camera] = [:]

    init(_ selection: RecordingSettings.Selection) { self.selection = selection }

    /// Gives `pick` the frames that are to be recorded now; `drop` those that never will be.
    mutating func take(_ item: JudgedFrame, pick: (JudgedFrame) -> Void, drop: (JudgedFrame) -> Void) {
        var camera = cameras[item.event.camera] ?? Camera()
        switch selection {
        case .all: pick(item)
        case .sampled(let every):
            camera.count % every == 0 ? pick(item) : drop(item)
            camera.count = (camera.count + 1) % every
        case .failures(let before, let after):
            if item.event.verdict != .pass {
                while let earlier = camera.waiting.popFirst() { pick(earlier) }
                pick(item)
                camera.after = after
            } else if camera.after > 0 {
                camera.after -= 1
                pick(item)
            } else {
                camera.waiting.append(item)
                while camera.waiting.count > before, let oldest = camera.waiting.popFirst() { drop(oldest) }
            }
        }
        cameras[item.event.camera] = camera
    }

    /// Gives up what waits for a failure.
    mutating func finish(drop: (JudgedFrame) -> Void) {
        for camera in cameras.values { camera.waiting.forEach(drop) }
        cameras.removeAll()
    }
}
