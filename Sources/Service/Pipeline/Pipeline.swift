import CoreMetrics
import DequeModule
import Dispatch
import Inspection
import Logging
import Streaming
import Synchronization

/// receive → decode → inspect → order → publish, each stage on threads of its own, with exactly one verdict for every
/// frame that is received.
///
/// A frame draws its `Ticket` when it is received; from then on whichever stage it ends in settles that ticket once, and the
/// publisher takes settled frames camera by camera in order. Frames wait in two places only: undecoded in the intake (bounded and
/// fair per camera) and decoded before the workers (one each). A decoder takes a free `FrameSlot` before it takes a frame, so
/// frames that cannot be worked on yet stay where the overflow policy governs them, and a frame that left the intake always
/// has its buffers: the stages cannot wait for each other in a circle.
///
/// Ending is a sequence of three steps, each of which later ones imply: `drain` (no more intake, everything inside is
/// inspected), `discard` (what has not been started is `uninspected (shutdown)`), `abandon` (what is still running is, too).
public final class Pipeline: Sendable {
    enum Phase: Int, Comparable {
        case idle, running, draining, discarding, abandoned

        static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }
    }

    struct Queued: Sendable {
        var ticket: Ticket
        var record: FrameRecord
        var frame: IncomingFrame
    }

    struct Decoded: Sendable {
        var ticket: Ticket
        var record: FrameRecord
        var slot: FrameSlot
        var hash: String
        var times: FrameTimes
        var decodedAt: Int64
    }

    struct State {
        var phase = Phase.idle
        /// The clock of `shutdownMs` is ticking.
        var drainIsLimited = false
        var failure: (any Error)?
    }

    public let settings: PipelineSettings
    let stages: PipelineStages
    let identity: PipelineIdentity
    let clock: PipelineClock
    let logger: Logger

    let state = Monitor(State())
    let counters = Monitor(PipelineCounters())
    let intake: FairQueue<Queued>
    let decoded: BoundedQueue<Work>
    let slots: BoundedQueue<FrameSlot>
    let status: StatusInbox
    let notes = NoteInbox()
    let station: Station
    let pulse = PipelinePulse()
    /// Where frames' times go as distributions.
    let metrics: any MetricsFactory
    let ledgerState = Monitor(LedgerState())
    /// Where cameras' counts were when the ledger was opened.
    let places = Monitor<[String: CameraPlace]>([:])
    let orderer: Orderer<FrameRecord, FrameOutcome>
    let decodersLeft: Atomic<Int>
    let rejections = LogThrottle()
    let troubles = LogThrottle()

    private let control = DispatchQueue(label: "flawd.control")
    /// The receiver and the publisher: once both are gone, everything has been said.
    private let ends = DispatchGroup()
    /// Every thread.
    private let threads = DispatchGroup()

    public init(
        settings: PipelineSettings, stages: PipelineStages, identity: PipelineIdentity, clock: PipelineClock = .system,
        status: StatusInbox? = nil, station: Station? = nil, metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        logger: Logger
    ) {
        precondition(settings.workers > 0 && settings.decoders > 0 && settings.commitBatch > 0)
        self.settings = settings
        self.stages = stages
        self.identity = identity
        self.clock = clock
        let status = status ?? StatusInbox(clock: clock)
        self.status = status
        self.station = station ?? Station(status: status, clock: clock)
        self.metrics = metrics
        self.logger = logger
        intake = FairQueue(capacityPerLane: settings.queuePerCamera, policy: settings.policy)
        decoded = BoundedQueue(capacity: settings.decodedCapacity)
        slots = BoundedQueue(capacity: settings.slots)
        orderer = Orderer(limitPerLane: settings.outstandingPerCamera)
        decodersLeft = Atomic(settings.decoders)
        for _ in 0..<settings.slots { _ = slots.tryPush(FrameSlot()) }
    }

    /// A consistent picture of the counters.
    public var snapshot: PipelineCounters { counters.read { $0 } }

    var phase: Phase { state.read { $0.phase } }

    /// Makes every part on its thread and starts; once it returns, frames are being received.
    ///
    /// - Throws: what the first part that could not be made threw; then nothing runs.
    public func start() async throws {
        let started = state.update { state in
            guard state.phase == .idle else { return false }
            state.phase = .running
            return true
        }
        precondition(started, "a pipeline is started once")
        do {
            // Everything behind the socket first: the first frame finds a pipeline that is ready.
            let report = StartReport()
            spawn("publish", report, until: [ends]) { [self] in
                let parts = try (stages.makeSink(), stages.makeLedger())
                places.update { $0 = parts.1.places }
                return parts
            } loop: { [self] parts, hand in
                publish(to: parts.0, ledger: parts.1, hand: hand)
            }
            for index in 0..<settings.decoders {
                spawn("decode.\(index)", report, make: stages.makeDecoder) { [self] in decode(with: $0, hand: $1) }
            }
            for index in 0..<settings.workers {
                spawn("inspect.\(index)", report, make: stages.makeInspector) { [self] in inspect(with: $0, hand: $1) }
            }
            try await report.settled(on: control)
            let receiver = StartReport()
            spawn("receive", receiver, until: [ends], make: stages.makeSource) { [self] in receive(from: $0, hand: $1) }
            try await receiver.settled(on: control)
        } catch {
            state.update { $0.phase = .abandoned }
            notes.close()
            intake.close(discarding: true)
            orderer.close()
            discardWork()
            slots.close()
            await ended()
            throw error
        }
    }

    /// Waits until every received frame has its verdict and every verdict was published.
    ///
    /// - Throws: what made the pipeline end by itself.
    public func finished() async throws {
        await wait(for: ends)
        if let failure = state.read({ $0.failure }) { throw failure }
    }

    /// Waits until every thread is gone; after `abandon` one may still be inspecting when `finished` returns.
    func ended() async { await wait(for: threads) }

    private func wait(for group: DispatchGroup) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            group.notify(queue: control) { @Sendable in continuation.resume() }
        }
    }

    /// One labelled serial queue, one thread for as long as the loop runs; the part lives and dies on it.
    private func spawn<Part>(
        _ name: String, _ report: StartReport, until groups: [DispatchGroup] = [],
        make: @escaping @Sendable () throws -> Part, loop: @escaping @Sendable (Part, PipelinePulse.Hand) -> Void
    ) {
        report.expect()
        let groups = groups + [threads], hand = pulse.hand(for: name)
        groups.forEach { $0.enter() }
        DispatchQueue(label: "flawd.\(name)").async { @Sendable in
            do {
                let part = try make()
                report.made()
                loop(part, hand)
                hand.rest()
            } catch {
                report.failed(error)
            }
            groups.forEach { $0.leave() }
        }
    }
}

// MARK: - Ending

extension Pipeline {
    /// No more intake; everything inside is still inspected, for `shutdownMs` at most. Only flips and signals.
    public func drain() {
        let (mayLimit, wasRunning) = state.update { state in
            guard state.phase == .running || state.phase == .draining, !state.drainIsLimited else { return (false, false) }
            defer { state.phase = .draining }
            state.drainIsLimited = true
            return (true, state.phase == .running)
        }
        if wasRunning { interrupt() }
        if mayLimit { later(settings.shutdownMs) { $0.discard() } }
    }

    /// The source has ended by itself: everything inside is inspected, however long it takes.
    func drainAtLeisure() { _ = advance(to: .draining) }

    /// What has not been started becomes `uninspected (shutdown)`.
    public func discard() {
        guard let previous = advance(to: .discarding) else { return }
        if previous < .draining { interrupt() }
        for frame in intake.close(discarding: true) {
            settle(frame.ticket, .uninspected(.shutdown, "the service stopped before its turn came"))
        }
        later(settings.abandonMs) { $0.abandon() }
    }

    /// What is still running becomes `uninspected (shutdown)`; its threads are not waited for.
    func abandon() {
        guard advance(to: .abandoned) != nil else { return }
        orderer.settleAll { _ in .uninspected(.shutdown, "the service stopped during its inspection") }
        discardWork()
        slots.close()
    }

    private func discardWork() {
        for work in decoded.close(discarding: true) {
            switch work {
            case .frame(let frame): recycle(frame.slot)
            case .errand(let errand): errand.run(nil)
            }
        }
    }

    /// Ends the pipeline because a part of it failed for good.
    func fail(_ error: any Error) {
        state.update { if $0.failure == nil { $0.failure = error } }
        drain()
    }

    private func interrupt() { control.async { @Sendable [stages] in stages.interruptSource() } }

    /// The phase before; nil when that was as far already.
    private func advance(to next: Phase) -> Phase? {
        state.update { state in
            guard state.phase != .idle, state.phase < next else { return nil }
            defer { state.phase = next }
            return state.phase
        }
    }

    private func later(_ milliseconds: Int, _ action: @escaping @Sendable (Pipeline) -> Void) {
        control.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { @Sendable [weak self] in
            if let self { action(self) }
        }
    }
}

/// What every verdict says of the program that gave it.
public struct PipelineIdentity: Sendable, Equatable {
    /// Content hash of the model's file.
    public var model: String
    /// Content hash of the program.
    public var build: String

    public init(model: String, build: String) {
        self.model = model
        self.build = build
    }
}
