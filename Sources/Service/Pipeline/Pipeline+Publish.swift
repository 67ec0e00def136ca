import Inspection
import Logging

extension Pipeline {
    /// The publishing thread: commits what the orderer releases, then publishes it.
    func publish(to sink: any EventSink, ledger: any VerdictLedger) {
        var batch: [(record: FrameRecord, outcome: FrameOutcome)] = []
        var events: [PipelineEvent] = []
        while orderer.take(settings.commitBatch, into: &batch) {
            let now = clock.monotonicNs()
            let utc = clock.utcNs()
            for (record, outcome) in batch { compose(record, outcome, now: now, utc: utc, into: &events) }
            do {
                try ledger.commit(&events)
                send(events, of: batch, to: sink)
            } catch {
                counters.update { $0.unpublished += UInt64(events.count) }
                logger.critical("verdicts could not be committed and are not published: \(error)")
                fail(error)
                discard()
            }
            counters.update { counters in
                for (record, outcome) in batch {
                    counters.count(outcome.verdict, outcome.reason)
                    counters.note(latencyNs: now - record.receivedNs)
                }
            }
            for (_, outcome) in batch { if let slot = outcome.slot { recycle(slot) } }
            batch.removeAll(keepingCapacity: true)
            events.removeAll(keepingCapacity: true)
        }
    }

    private func send(_ events: [PipelineEvent], of batch: [(record: FrameRecord, outcome: FrameOutcome)], to sink: any EventSink) {
        var verdicts = 0
        for event in events {
            do {
                switch event {
                case .missing(let event): try sink.publish(event)
                case .verdict(let event):
                    defer { verdicts += 1 }
                    try sink.publish(event, pictures: batch[verdicts].outcome.slot)
                }
            } catch {
                counters.update { $0.unpublished += 1 }
                trouble("publishing failed: \(error)")
            }
        }
    }

    /// A frame's events: what is missing before it, then its verdict. The ledger fills in `seq` and `epoch`.
    private func compose(
        _ record: FrameRecord, _ outcome: FrameOutcome, now: Int64, utc: Int64, into events: inout [PipelineEvent]
    ) {
        if let missing = record.missing {
            events.append(
                .missing(
                    MissingEvent(
                        seq: 0, epoch: "", camera: record.camera, first: missing.lowerBound, last: missing.upperBound,
                        publishedUTCNs: utc)))
        }
        events.append(
            .verdict(
                VerdictEvent(
                    seq: 0, epoch: "", camera: record.camera, sequence: record.sequence, frameHash: outcome.frameHash,
                    partID: record.partID, trigger: record.trigger, capturedUTCNs: record.capturedUTCNs,
                    capturedMonotonicNs: record.capturedMonotonicNs, receivedUTCNs: record.receivedUTCNs, publishedUTCNs: utc,
                    latencyNs: outcome.times.latencies(receivedNs: record.receivedNs, publishedNs: now),
                    verdict: outcome.verdict, reason: outcome.reason, detail: outcome.detail, regions: outcome.regions,
                    roiRevision: outcome.regionsRevision, model: outcome.model ?? identity.model, build: identity.build)))
    }
}
