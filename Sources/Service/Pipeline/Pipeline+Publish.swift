#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Inspection
import Logging

extension Pipeline {
    /// The publishing thread: commits what the orderer releases, then publishes it.
    func publish(to sink: any EventSink, ledger: any VerdictLedger, hand: PipelinePulse.Hand) {
        var batch: [(record: FrameRecord, outcome: FrameOutcome)] = []
        var events: [PipelineEvent] = []
        var timers = FrameTimers(metrics)
        var nextHeartbeat = clock.monotonicNs()
        var hasFailed = false
        note(ledger)
        while true {
            hand.rest()
            guard orderer.take(settings.commitBatch, timeoutMs: 200, into: &batch) else { break }
            hand.work(at: clock.monotonicNs())
            if !batch.isEmpty {
                publish(batch, &events, to: sink, ledger: ledger, &timers, &hasFailed)
                batch.removeAll(keepingCapacity: true)
                events.removeAll(keepingCapacity: true)
            }
            tellAll(to: sink)
            for entry in notes.takeAll() { entry.settle(Result { try ledger.note(entry.notes, utcNs: clock.utcNs()) }) }
            if let health = status.takeHealth() {
                do { try sink.publish(health) } catch { trouble("publishing the health failed: \(error)") }
            }
            guard clock.monotonicNs() >= nextHeartbeat else { continue }
            nextHeartbeat = clock.monotonicNs() + Self.heartbeatNs
            beat(to: sink, ledger: ledger)
        }
        // What was said since.
        tellAll(to: sink)
        notes.close()
    }

    private static var heartbeatNs: Int64 { 1_000_000_000 }

    /// - Parameter hasFailed: events were lost to the ledger for good. What comes after them is not committed either, whether the ledger takes
    ///   it again or not: a camera's row would have a hole that nothing reports.
    private func publish(
        _ batch: [(record: FrameRecord, outcome: FrameOutcome)], _ events: inout [PipelineEvent], to sink: any EventSink, ledger: any VerdictLedger,
        _ timers: inout FrameTimers, _ hasFailed: inout Bool
    ) {
        let now = clock.monotonicNs(), utc = clock.utcNs(), batch = withheld(batch)
        for (record, outcome) in batch { compose(record, outcome, now: now, utc: utc, into: &events) }
        if hasFailed {
            counters.update { $0.unpublished += UInt64(events.count) }
        } else {
            hasFailed = !commitAndSend(&events, of: batch, to: sink, ledger: ledger)
        }
        if hasFailed { for (record, _) in batch { release(record) } }
        let done = clock.monotonicNs()
        counters.update { counters in for (record, outcome) in batch { counters.depart(record, outcome, composedNs: now, doneNs: done) } }
        for (record, outcome) in batch { timers.record(record, outcome.times, composedNs: now, doneNs: done) }
        for (_, outcome) in batch { if let slot = outcome.slot { recycle(slot) } }
    }

    /// While the station is halted nothing passes: what would is for review, and says why.
    private func withheld(_ batch: [(record: FrameRecord, outcome: FrameOutcome)]) -> [(record: FrameRecord, outcome: FrameOutcome)] {
        guard let reason = station.withholding else { return batch }
        return batch.map { record, outcome in
            guard outcome.verdict == .pass else { return (record, outcome) }
            var outcome = outcome
            outcome.verdict = .review
            outcome.withheld = reason
            return (record, outcome)
        }
    }

    /// False: the events could not be committed for good; none was sent, and the pipeline ends.
    private func commitAndSend(
        _ events: inout [PipelineEvent], of batch: [(record: FrameRecord, outcome: FrameOutcome)], to sink: any EventSink, ledger: any VerdictLedger
    ) -> Bool {
        do { try commit(&events, ledger: ledger, sink: sink) } catch {
            counters.update { $0.unpublished += UInt64(events.count) }
            station.error("journal", "\(error)")
            logger.critical("verdicts could not be committed and are not published: \(error)")
            tell(StatusEvent(.journalFailed, detail: "\(error)", publishedUTCNs: clock.utcNs()), to: sink)
            fail(error)
            discard()
            return false
        }
        send(events, of: batch, to: sink)
        return true
    }

    /// Commits, again and again for a while where that may help: a full disk is made room on, a program that holds the file lets it go.
    /// Meanwhile frames wait, and more of them than their queues hold are not inspected.
    private func commit(_ events: inout [PipelineEvent], ledger: any VerdictLedger, sink: any EventSink) throws {
        let begun = clock.monotonicNs()
        var nextWord = begun
        while true {
            do {
                try ledger.commit(&events)
                note(ledger)
                if nextWord > begun {
                    station.error("journal", nil)
                    tell(StatusEvent(.journalRecovered, detail: "verdicts are committed again", publishedUTCNs: clock.utcNs()), to: sink)
                }
                return
            } catch let error as any LedgerFailure {
                counters.update { $0.commitFailures += 1 }
                ledgerState.update { $0.failure = "\(error)" }
                let now = clock.monotonicNs(), patience = Int64(settings.ledgerPatienceMs) * 1_000_000
                guard error.isTemporary, now - begun < patience, phase < .discarding else { throw error }
                if now >= nextWord {
                    nextWord = now + Self.heartbeatNs
                    logger.error("verdicts wait to be committed: \(error)")
                    station.error("journal", "\(error)")
                    tell(StatusEvent(.journalFailing, detail: "\(error)", publishedUTCNs: clock.utcNs()), to: sink)
                }
                usleep(100_000)
            }
        }
    }

    /// For whoever asks how far the row goes.
    private func note(_ ledger: any VerdictLedger) {
        ledgerState.update { $0 = LedgerState(epoch: ledger.epoch, seq: ledger.lastSeq, durability: ledger.durability) }
    }

    private func beat(to sink: any EventSink, ledger: any VerdictLedger) {
        do {
            try sink.publish(HeartbeatEvent(epoch: ledger.epoch, seq: ledger.lastSeq, durability: ledger.durability, publishedUTCNs: clock.utcNs()))
        } catch {
            trouble("publishing a heartbeat failed: \(error)")
        }
        do { try ledger.tidy(utcNs: clock.utcNs()) } catch { trouble("\(error)") }
    }

    private func tellAll(to sink: any EventSink) {
        for event in status.takeAll() { tell(event, to: sink) }
    }

    private func tell(_ event: StatusEvent, to sink: any EventSink) {
        status.remember(event)
        do { try sink.publish(event) } catch { trouble("publishing a status event failed: \(error)") }
    }

    private func send(_ events: [PipelineEvent], of batch: [(record: FrameRecord, outcome: FrameOutcome)], to sink: any EventSink) {
        var verdicts = 0
        for event in events {
            do {
                switch event {
                case .missing(let event): try sink.publish(event)
                case .verdict(let event):
                    defer { verdicts += 1 }
                    defer { show(event, batch[verdicts]) }
                    try sink.publish(event, pictures: batch[verdicts].outcome.slot)
                }
            } catch {
                counters.update { $0.unpublished += 1 }
                trouble("publishing failed: \(error)")
            }
        }
    }

    private func show(_ event: VerdictEvent, _ frame: (record: FrameRecord, outcome: FrameOutcome)) {
        for (index, tap) in stages.taps.enumerated() { tap.take(event, frame: frame.record.held(by: index), draft: frame.outcome.draft) }
    }

    private func release(_ record: FrameRecord) {
        for (index, tap) in stages.taps.enumerated() { if let frame = record.held(by: index) { tap.release(frame) } }
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
                    seq: 0, epoch: "", camera: record.camera, sequence: record.sequence, arrival: record.arrival, frameHash: outcome.frameHash,
                    partID: record.partID, trigger: record.trigger, capturedUTCNs: record.capturedUTCNs,
                    capturedMonotonicNs: record.capturedMonotonicNs, receivedUTCNs: record.receivedUTCNs, publishedUTCNs: utc,
                    latencyNs: outcome.times.latencies(receivedNs: record.receivedNs, publishedNs: now),
                    verdict: outcome.verdict, reason: outcome.reason, detail: outcome.detail, regions: outcome.regions,
                    withheld: outcome.withheld, roiRevision: outcome.regionsRevision, model: outcome.model ?? identity.model, build: identity.build)))
    }
}
