import DequeModule
import Imaging
import Inspection
import Streaming
import Synchronization

/// The newest frame of each camera and the last ones that did not pass, with their verdicts, for whoever looks. What is kept is bounded by
/// number and by bytes; payloads are the messages that came off the wire, without a copy.
final class RecentFrames: FrameTap {
    struct Shown: Sendable {
        var event: VerdictEvent
        /// nil: what came was no frame, or its payload is not kept.
        var frame: IncomingFrame?
        var draft: RunLengthCode?

        fileprivate var bytes: Int { frame?.payload.count ?? 0 }
    }

    struct Camera: Sendable {
        var name: String
        /// The newest last, one at least; those before it for browsers that ask for a picture a little late.
        var last: Deque<Shown>
        /// Counts the camera's verdicts, to see whether there is a newer one.
        var version: UInt64

        var shown: Shown { last[last.count - 1] }
    }

    private struct State {
        /// In the order of their appearance; as many as the pipeline follows.
        var cameras: [Camera] = []
        var places: [String: Int] = [:]
        /// The newest last.
        var failures: Deque<Shown> = []
        var failureBytes = 0
        var failureCount: UInt64 = 0
        /// Of all cameras' newest frames.
        var cameraBytes = 0
        var yield = YieldChart()
    }

    static let mostFailures = 24
    private static let mostFailureBytes = 64 << 20
    /// A larger payload is not kept.
    private static let mostFrameBytes = 32 << 20
    /// Of the newest frames of all cameras together, and of frames on their way through the pipeline; what is more is shown without its picture.
    private static let (mostCameraBytes, mostHeldBytes) = (128 << 20, 128 << 20)

    private let clock: PipelineClock
    private let state = Monitor(State())
    /// On the monotonic clock: until when somebody wants drafts.
    private let draftUntil = Atomic<Int64>(.min)
    /// Bytes of payloads between `hold` and `take`.
    private let held = Atomic<Int>(0)

    init(clock: PipelineClock = .system) { self.clock = clock }

    // MARK: The pipeline's side

    var wantsDraft: Bool { draftUntil.load(ordering: .relaxed) > clock.monotonicNs() }

    func hold(_ frame: IncomingFrame) -> Bool {
        let bytes = frame.payload.count
        guard bytes <= Self.mostFrameBytes, held.add(bytes, ordering: .relaxed).newValue <= Self.mostHeldBytes else {
            if bytes <= Self.mostFrameBytes { held.subtract(bytes, ordering: .relaxed) }
            return false
        }
        return true
    }

    func release(_ frame: IncomingFrame) { held.subtract(frame.payload.count, ordering: .relaxed) }

    func take(_ event: VerdictEvent, frame: IncomingFrame?, draft: RunLengthCode?) {
        if let frame { release(frame) }
        state.update { state in
            var shown = Shown(event: event, frame: frame, draft: draft)
            let place = state.places[event.camera], before = place.map { state.cameras[$0].bytes } ?? 0
            if state.cameraBytes - before + shown.bytes > Self.mostCameraBytes { shown.frame = nil }
            defer { state.cameraBytes += state.cameras[state.places[event.camera] ?? 0].bytes - before }
            if let place {
                state.cameras[place].take(shown)
            } else {
                state.places[event.camera] = state.cameras.count
                state.cameras.append(Camera(name: event.camera, last: [shown], version: 1))
            }
            state.yield.count(event.verdict, utcNs: event.publishedUTCNs)
            guard event.verdict == .fail || event.verdict == .review else { return }
            state.failureCount += 1
            state.failures.append(shown)
            state.failureBytes += shown.bytes
            while state.failures.count > 1, state.failures.count > Self.mostFailures || state.failureBytes > Self.mostFailureBytes {
                state.failureBytes -= state.failures.removeFirst().bytes
            }
        }
    }

    // MARK: The page's side

    /// Drafts are kept for some seconds from now.
    func wantDraft() { draftUntil.store(clock.monotonicNs() + 3_000_000_000, ordering: .relaxed) }

    var cameras: [Camera] { state.read { $0.cameras } }

    func latest(of camera: String) -> Shown? { state.read { state in state.places[camera].map { state.cameras[$0].shown } } }

    /// The last frames that did not pass, the newest last, and how many there have been.
    var failures: (last: [Shown], count: UInt64) { state.read { (Array($0.failures), $0.failureCount) } }

    /// A frame that is still here.
    func frame(seq: UInt64) -> Shown? {
        state.read { state in state.failures.last { $0.event.seq == seq } ?? state.cameras.lazy.compactMap { $0.last.last { $0.event.seq == seq } }.first }
    }

    var yield: YieldChart { state.read { $0.yield } }

    /// Adds what was counted before flawd was started.
    func addYield(_ earlier: [Int64: [String: Int]]) { state.update { $0.yield.add(earlier) } }
}

extension RecentFrames.Camera {
    private static let (mostFrames, mostBytes) = (4, 4 << 20)

    fileprivate mutating func take(_ shown: RecentFrames.Shown) {
        last.append(shown)
        version += 1
        while last.count > 1, last.count > Self.mostFrames || bytes > Self.mostBytes { last.removeFirst() }
    }

    fileprivate var bytes: Int { last.reduce(0) { $0 + $1.bytes } }
}
