import Imaging
import Inspection
import Streaming

/// Events to a PUB socket: `<camera>/verdict`, `<camera>/missing`, `status/heartbeat`, `status/event`, `status/health`, and as camera-stream frames `<camera>/mask` and
/// `<camera>/overlay/color` (existing viewers show only streams named `color`).
///
/// The published viewer finds overlays by itself: while there are any, their cameras are announced every second.
final class SocketSink: EventSink {
    private let publisher: Publisher
    private let clock: PipelineClock
    /// Leaves a status event to be published.
    private let tell: @Sendable (StatusEvent.Condition, String) -> Void
    /// As many as there are cameras; the pipeline bounds those.
    private var overlayCameras: [String] = []
    private var nextAnnouncement: Int64 = .min

    init(context: MessagingContext, endpoints: [Endpoint], clock: PipelineClock = .system, tell: @escaping @Sendable (StatusEvent.Condition, String) -> Void = { _, _ in }) throws {
        publisher = try Publisher(context: context, endpoints: endpoints)
        self.clock = clock
        self.tell = tell
    }

    func publish(_ event: VerdictEvent, pictures: FrameSlot?) throws {
        try publisher.send([Array("\(event.camera)/verdict".utf8), event.json])
        guard let pictures else { return }
        var header = FrameHeader(
            format: .cameraStream, camera: event.camera, codec: .rawBGR8, sequence: event.sequence,
            capturedMonotonicNs: event.capturedMonotonicNs, capturedUTCNs: event.capturedUTCNs, size: pictures.image.size,
            partID: event.partID, trigger: event.trigger)
        if !pictures.mask.isEmpty {
            try pictures.mask.withUnsafeBytes {
                try publisher.send(
                    frame: header, stream: "mask", pixelFormat: "mono8", codecName: "raw_mono8", size: pictures.maskSize,
                    payload: $0)
            }
        }
        if !pictures.overlay.isEmpty {
            header.camera = "\(event.camera)/overlay"
            header.codec = .jpeg
            try pictures.overlay.withUnsafeBytes {
                try publisher.send(
                    frame: header, stream: "color", pixelFormat: "bgr8", codecName: "jpeg", size: pictures.image.size,
                    payload: $0)
            }
            try announce(header.camera)
        }
    }

    /// camera-stream's `status/snapshot`.
    private func announce(_ camera: String) throws {
        let isNew = !overlayCameras.contains(camera)
        if isNew { overlayCameras.append(camera) }
        let now = clock.monotonicNs()
        guard isNew || now >= nextAnnouncement else { return }
        nextAnnouncement = now + 1_000_000_000
        var snapshot: [UInt8] = []
        FrameMessage.appendSnapshot(cameras: overlayCameras, to: &snapshot)
        try publisher.send([Array(FrameMessage.snapshotTopic.utf8), snapshot])
    }

    func publish(_ event: MissingEvent) throws {
        try publisher.send([Array("\(event.camera)/missing".utf8), event.json])
    }

    func publish(_ event: HeartbeatEvent) throws {
        try publisher.send([Array(HeartbeatEvent.topic.utf8), event.json])
        // Once a second is soon enough.
        if let flooder = publisher.takeFlooder() {
            tell(.subscribersPutOff, "subscriptions had more than 1 MiB when \(flooder.isEmpty ? "a local peer" : flooder.shownInMessage) subscribed last; all subscribers connect anew")
        }
    }

    func publish(_ event: StatusEvent) throws { try publisher.send([Array(StatusEvent.topic.utf8), event.json]) }

    func publish(_ event: HealthEvent) throws { try publisher.send([Array(HealthEvent.topic.utf8), event.json]) }
}
