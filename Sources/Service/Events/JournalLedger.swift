import Inspection
import Streaming

/// The journal as the pipeline's ledger.
public final class JournalLedger: VerdictLedger {
    private let journal: Journal
    private let regions: RegionArchive
    private let clock: PipelineClock
    private let committed: @Sendable () -> Void
    private var numbering: EventNumbering
    private var wallClock: WallClock
    public let places: [String: CameraPlace]

    /// - Parameter committed: called after every commit, by the thread that publishes; must not wait.
    /// - Throws: `JournalError`.
    public init(
        path: String, settings: JournalSettings, regions: RegionArchive, clock: PipelineClock = .system, committed: @escaping @Sendable () -> Void = {}
    ) throws {
        self.regions = regions
        self.clock = clock
        self.committed = committed
        journal = try Journal(path: path, settings: settings, utcNs: clock.utcNs())
        places = try journal.places(limit: Self.mostCameras).mapValues { CameraPlace(session: $0.session, sequence: $0.sequence) }
        numbering = EventNumbering(
            epoch: journal.epoch, durability: settings.durability == .full ? .full : .normal, lastSeq: journal.lastSeq,
            sessions: places.mapValues(\.session))
        wallClock = WallClock(clock)
    }

    private static let tidyNs: Int64 = 20_000_000
    /// That a journal may have had; names come from outside.
    private static let mostCameras = 1 << 16

    public var epoch: String { numbering.epoch }
    public var lastSeq: UInt64 { numbering.lastSeq }
    public var durability: EventDurability { numbering.durability }

    public func commit(_ events: inout [PipelineEvent]) throws {
        var next = numbering, files: [String: [UInt8]] = [:]
        next.number(&events)
        let now = clock.monotonicNs()
        var records: [JournalRecord] = []
        records.reserveCapacity(events.count)
        for event in events {
            let record = JournalRecord(event, monotonicNs: now)
            if let revision = record.regions, files[revision] == nil { files[revision] = regions.takeNew(revision) }
            records.append(record)
        }
        do { try journal.append(records, regionFiles: files) } catch {
            for (revision, bytes) in files { regions.add(revision: revision, bytes: bytes) }
            throw error
        }
        numbering = next
        committed()
    }

    public func note(_ notes: [JournalNote], utcNs: Int64) throws { try journal.note(notes, utcNs: utcNs) }

    public func tidy(utcNs: Int64) throws {
        // By a clock that is wrong everything may be old.
        let utcNs = wallClock.isSteady() ? utcNs : nil, begun = clock.monotonicNs()
        // A journal that many cameras fill loses as much as it gains; the next verdict must not wait long for that.
        while try journal.tidy(utcNs: utcNs), clock.monotonicNs() - begun < Self.tidyNs {}
    }
}

extension JournalError: LedgerFailure {}

extension JournalRecord {
    fileprivate init(_ event: PipelineEvent, monotonicNs: Int64) {
        switch event {
        case .verdict(let event):
            self.init(
                seq: event.seq, kind: .verdict, camera: event.camera, session: event.session ?? event.seq, sequence: event.sequence,
                arrival: event.arrival.flatMap { Arrival(rawValue: $0.rawValue) }, verdict: event.verdict.rawValue,
                reason: event.reason?.rawValue, model: event.model, regions: event.roiRevision, publishedUTCNs: event.publishedUTCNs,
                monotonicNs: monotonicNs, json: event.json)
        case .missing(let event):
            self.init(
                seq: event.seq, kind: .missing, camera: event.camera, session: event.session ?? event.seq, sequence: event.first,
                lastSequence: event.last, publishedUTCNs: event.publishedUTCNs, monotonicNs: monotonicNs, json: event.json)
        }
    }
}
