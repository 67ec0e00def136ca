import Imaging
import Inspection
import Logging
import SegmentAnything
import Streaming
import Synchronization

extension Pipeline {
    /// A decoding thread.
    func decode(with decoder: any FrameDecoding, hand: PipelinePulse.Hand) {
        // The slot before the frame: see `Pipeline`.
        while let slot = slots.pop() {
            guard let queued = intake.pop() else {
                recycle(slot)
                break
            }
            hand.work(at: clock.monotonicNs())
            defer { hand.rest() }
            if let decodedFrame = decode(queued, with: decoder, into: slot) {
                guard decoded.push(.frame(decodedFrame)) != nil else { continue }
                settle(decodedFrame.ticket, .uninspected(.shutdown, hash: decodedFrame.hash, times: decodedFrame.times))
            }
            recycle(slot)
        }
        // The last one out: the workers end once they have drained what is left.
        if decodersLeft.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { decoded.close() }
    }

    /// nil: the frame got its verdict here.
    private func decode(_ queued: Queued, with decoder: any FrameDecoding, into slot: FrameSlot) -> Decoded? {
        let begun = clock.monotonicNs()
        var times = FrameTimes()
        times.queue = begun - queued.record.receivedNs
        if let outcome = refusal(queued.record, at: begun, hash: nil, times: times) {
            settle(queued.ticket, outcome)
            return nil
        }
        let hash = queued.frame.payload.withBytes { ContentHash.sha256($0) }
        do {
            try decoder.decode(queued.frame, into: slot.image)
        } catch {
            times.decode = clock.monotonicNs() - begun
            settle(queued.ticket, .uninspected(.decodeError, "\(error)", hash: hash, times: times))
            return nil
        }
        let decodedAt = clock.monotonicNs()
        times.decode = decodedAt - begun
        return Decoded(
            ticket: queued.ticket, record: queued.record, slot: slot, hash: hash, times: times, decodedAt: decodedAt)
    }

    /// An inspecting thread.
    func inspect(with inspector: any FrameInspecting, hand: PipelinePulse.Hand) {
        while let work = decoded.pop() {
            hand.work(at: clock.monotonicNs())
            defer { hand.rest() }
            let frame: Decoded
            switch work {
            case .frame(let next): frame = next
            case .errand(let errand):
                errand.run(inspector)
                continue
            }
            let outcome = inspect(frame, with: inspector)
            let slot = frame.slot
            if settle(frame.ticket, outcome), outcome.slot != nil { continue }
            recycle(slot)
        }
    }

    private func inspect(_ frame: Decoded, with inspector: any FrameInspecting) -> FrameOutcome {
        let begun = clock.monotonicNs()
        var times = frame.times
        times.queue = (times.queue ?? 0) + begun - frame.decodedAt
        if let outcome = refusal(frame.record, at: begun, hash: frame.hash, times: times) { return outcome }
        let inspection: FrameInspection, wantsDraft = stages.taps.contains(where: \.wantsDraft)
        do {
            var inspector = inspector
            inspector.keepsDraft = wantsDraft
            inspection = try inspector.inspect(frame.slot.image, camera: frame.record.camera)
        } catch {
            times.inspectedAt = clock.monotonicNs()
            trouble("inspecting a frame of \(frame.record.camera.debugDescription) failed: \(error)", of: frame.record)
            return .uninspected(.modelError, "\(error)", hash: frame.hash, times: times)
        }
        let ended = clock.monotonicNs()
        let result = inspection.result
        times.encode = result.encodeNs
        times.prompt = result.promptNs
        times.measure = result.measureNs
        times.inspectedAt = ended
        if let late = lateness(frame.record, at: ended) {
            return .uninspected(.deadline, "inspection ended \(late) ms after the deadline", hash: frame.hash, times: times)
        }
        var outcome = FrameOutcome(
            verdict: result.verdict, reason: result.verdict == .uninspected ? result.reason ?? .modelError : nil,
            detail: result.detail, regions: result.regions, regionsRevision: inspection.regionsRevision,
            model: inspection.model, frameHash: frame.hash, times: times)
        if wantsDraft, result.verdict != .uninspected, let draft = inspector.draftMask { outcome.draft = RunLengthCode(draft) }
        if result.verdict != .uninspected, capture(frame, result, from: inspector) {
            outcome.slot = frame.slot
        }
        return outcome
    }

    /// Fills the slot's pictures before the worker goes on and overwrites its mask. False when there are none.
    private func capture(_ frame: Decoded, _ result: FrameResult, from inspector: any FrameInspecting) -> Bool {
        guard settings.publishesMasks || settings.publishesOverlays else { return false }
        frame.slot.clear()
        if settings.publishesMasks { frame.slot.capture(inspector.frameMask) }
        if settings.publishesOverlays {
            do {
                try inspector.drawOverlay(of: result, on: frame.slot.image, into: &frame.slot.overlay)
            } catch {
                frame.slot.overlay.removeAll(keepingCapacity: true)
                trouble("drawing an overlay of \(frame.record.camera.debugDescription) failed: \(error)", of: frame.record)
            }
        }
        return true
    }

    /// Why a frame is not worked on any further, if it is not.
    private func refusal(_ record: FrameRecord, at now: Int64, hash: String?, times: FrameTimes) -> FrameOutcome? {
        if phase >= .discarding {
            return .uninspected(.shutdown, "the service stopped before its turn came", hash: hash, times: times)
        }
        guard let late = lateness(record, at: now) else { return nil }
        return .uninspected(.deadline, "its turn came \(late) ms after the deadline", hash: hash, times: times)
    }

    /// Whole milliseconds by which the deadline has passed; nil when it has not.
    private func lateness(_ record: FrameRecord, at now: Int64) -> Int64? {
        guard let deadline = settings.deadlineNs, now - record.receivedNs > deadline else { return nil }
        return (now - record.receivedNs - deadline) / 1_000_000
    }

    @discardableResult
    func settle(_ ticket: Ticket, _ outcome: FrameOutcome) -> Bool { orderer.settle(ticket, outcome) }

    /// Gives a slot back. The pool has a place for each, so this never waits; a closed pool lets it go.
    func recycle(_ slot: FrameSlot) { _ = slots.tryPush(slot) }

    /// - Parameter record: the frame that it is about; nil: none in particular.
    func trouble(_ message: @autoclosure () -> String, of record: FrameRecord? = nil) {
        guard let suppressed = troubles.admit(now: clock.monotonicNs()) else { return }
        let metadata: Logger.Metadata? = record.map { ["camera": "\($0.camera)", "sequence": "\($0.sequence)"] }
        logger.warning("\(message())\(suppressed > 0 ? " (and \(suppressed) more like it)" : "")", metadata: metadata)
    }
}
