import Imaging
import Inspection
import Logging
import SelfPerception
import Streaming

/// Decodes, inspects and compares frames as the daemon's threads do: the same decoder, the same inspector, one after the other. One per
/// thread.
final class GateWorker {
    private let decoder: FrameDecoder
    private let inspector: ModelInspector
    private let identity: PipelineIdentity
    private let image = RGBImage()

    init(decoder: FrameDecoder, inspector: ModelInspector, identity: PipelineIdentity) {
        self.decoder = decoder
        self.inspector = inspector
        self.identity = identity
    }

    func work(_ task: GateTask) {
        let fresh = event(of: task.frame)
        task.settle(GateTask.Answer(
            event: fresh, comparison: task.recorded.map { FrameComparison(recorded: $0, fresh: fresh, size: image.size) }))
    }

    /// The verdict as the daemon would have given it, but for times: both are the recorded one, and stages have none.
    func event(of frame: GateFrame) -> VerdictEvent {
        let header = frame.frame.header
        var event = VerdictEvent(
            seq: 0, epoch: VerdictGate.epoch, camera: header.camera, sequence: frame.sequence, frameHash: frame.hash, partID: header.partID,
            trigger: header.trigger, capturedUTCNs: header.capturedUTCNs, capturedMonotonicNs: header.capturedMonotonicNs,
            receivedUTCNs: frame.receivedUTCNs, publishedUTCNs: frame.receivedUTCNs, verdict: .uninspected, model: identity.model,
            build: identity.build)
        do {
            try decoder.decode(frame.frame, into: image)
        } catch {
            event.reason = .decodeError
            event.detail = "\(error)"
            return event
        }
        do {
            let inspection = try inspector.inspect(image, camera: header.camera)
            event.take(inspection.result)
            event.reason = event.verdict == .uninspected ? event.reason ?? .modelError : nil
            event.roiRevision = inspection.regionsRevision
            event.model = inspection.model ?? identity.model
        } catch {
            event.reason = .modelError
            event.detail = "\(error)"
        }
        return event
    }
}
