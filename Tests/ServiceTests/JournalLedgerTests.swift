import Foundation
import Imaging
import Inspection
import Streaming
import Testing

@testable import Service

@Suite struct JournalLedgerTests {
    /// No test here takes the power away.
    private static var settings: JournalSettings {
        var settings = JournalSettings()
        settings.durability = .normal
        settings.ballastBytes = 0
        return settings
    }

    private func ledger(_ folder: TemporaryFolder, _ regions: RegionArchive = RegionArchive()) throws -> JournalLedger {
        try JournalLedger(path: "\(folder.path)/j", settings: Self.settings, regions: regions)
    }

    private func verdict(_ sequence: UInt64, _ arrival: FrameArrival = .next, regions: String? = nil) -> PipelineEvent {
        .verdict(
            VerdictEvent(
                seq: 0, epoch: "", camera: "c", sequence: sequence, arrival: arrival, receivedUTCNs: 0, publishedUTCNs: 0, verdict: .pass,
                roiRevision: regions, model: "m", build: "b"))
    }

    private func json(_ event: PipelineEvent) -> [UInt8] {
        switch event {
        case .verdict(let event): event.json
        case .missing(let event): event.json
        }
    }

    /// Cameras that lose, repeat, swap and restart, and numbers at the ends of their counts.
    private func messages(_ count: Int, seed: UInt64) -> [Incoming] {
        var generator = SeededGenerator(seed: seed)
        var next: [UInt64] = [0, 1, UInt64(UInt32.max) - 20, UInt64(Int64.max) - 20, UInt64.max - 20]
        return (0..<count).map { _ in
            let camera = Int.random(in: 0..<next.count, using: &generator)
            if Int.random(in: 0..<12, using: &generator) == 0 { next[camera] &+= UInt64.random(in: 1...40, using: &generator) }
            if Int.random(in: 0..<60, using: &generator) == 0 { next[camera] = [0, 1, 7, UInt64(UInt32.max), UInt64(Int64.max), .max].randomElement(using: &generator) ?? 0 }
            var number = next[camera]
            switch Int.random(in: 0..<20, using: &generator) {
            case 0: number &-= UInt64.random(in: 1...70, using: &generator)
            case 1: return frame("c\(camera)", nil)
            case 2: return .unusable(camera: "c\(camera)", sequence: number, partID: nil, problem: "cut")
            default: next[camera] = camera == 2 && number == UInt64(UInt32.max) ? 0 : camera == 3 && number == UInt64(Int64.max) ? 0 : number &+ 1
            }
            return frame("c\(camera)", number, Script(fate: Script.Fate.allCases.randomElement(using: &generator) ?? .pass))
        }
    }

    /// Twice: the daemon is started again on the same journal.
    @Test(arguments: UInt64(0)..<6) func whateverArrives_TheJournalIsSound_AndWhatWasPublished(_ seed: UInt64) async throws {
        let folder = try TemporaryFolder(), archive = RegionArchive()
        archive.add(revision: "r1", bytes: Array("the regions".utf8))
        var published: [[UInt8]] = [], received = 0, missing: UInt64 = 0, epochs: Set<String> = []
        for round in 0..<2 {
            var settings = PipelineSettings()
            settings.policy = .block
            settings.workers = 2
            settings.commitBatch = Int(seed) % 3 * 20 + 1
            let path = "\(folder.path)/j"
            let rig = Rig(settings, ledger: { try JournalLedger(path: path, settings: Self.settings, regions: archive) })
            rig.feed.send(messages(600, seed: seed * 2 + UInt64(round)))
            try await rig.runToEnd()
            published += rig.published.map { json($0.event) }
            received += Int(rig.pipeline.snapshot.received)
            missing &+= rig.pipeline.snapshot.missing
            #expect(rig.verdicts.allSatisfy { $0.durability == .normal && $0.session != nil && $0.arrival != nil })
            epochs.formUnion(rig.verdicts.map(\.epoch))
        }
        let reader = try JournalReader(path: "\(folder.path)/j")
        let check = try reader.check()
        #expect(check.problems == [])
        #expect(check.received == received && check.received == 1200 && check.missing == missing)
        var rows: [[UInt8]] = []
        try reader.forEach(JournalReader.Query()) { rows.append($0.json) }
        #expect(rows == published, "byte for byte, in the order of publication")
        #expect(epochs == [reader.epoch])
        #expect(try reader.regionFile(revision: "r1") == Array("the regions".utf8))
    }

    /// A count that comes to the same number again without a restart; seven messages of a hostile producer.
    @Test func countThatWrapsToANumberItHad_EndsNothing() async throws {
        let folder = try TemporaryFolder(), archive = RegionArchive(), path = "\(folder.path)/j"
        archive.add(revision: "r1", bytes: [1])
        let rig = Rig(PipelineSettings(), ledger: { try JournalLedger(path: path, settings: Self.settings, regions: archive) })
        let row: [UInt64] = [0, 1_000_000_000, 2_000_000_000, 3_000_000_000, 4_000_000_000, UInt64(UInt32.max), 0, 1]
        rig.feed.send(row.map { frame("c", $0) })
        try await rig.runToEnd()
        #expect(rig.verdicts.map(\.sequence) == row)
        let check = try JournalReader(path: path).check()
        #expect(check.problems == [] && check.received == 8 && check.cameraSessions == 2)
    }

    @Test func commit_GivesEverythingItsNumber_AndReopeningGoesOn() throws {
        let folder = try TemporaryFolder()
        var epoch = ""
        do {
            let ledger = try ledger(folder)
            epoch = ledger.epoch
            #expect(ledger.lastSeq == 0 && ledger.durability == .normal)
            var events = [verdict(3, .first), .missing(MissingEvent(seq: 0, epoch: "", camera: "c", first: 4, last: 5, publishedUTCNs: 0)), verdict(6, .gap)]
            try ledger.commit(&events)
            #expect(ledger.lastSeq == 3)
        }
        let ledger = try ledger(folder)
        #expect(ledger.epoch == epoch && ledger.lastSeq == 3)
        var events = [verdict(7, .first)]
        try ledger.commit(&events)
        let reader = try JournalReader(path: "\(folder.path)/j")
        #expect(try reader.check().isSound)
        let record = try #require(try reader.record(seq: 4))
        #expect(record.session == 4 && record.arrival == .first && record.json == json(events[0]))
        #expect(try reader.record(seq: 2)?.session == 1)
    }

    @Test func failedCommit_TakesNoNumber_AndLosesNoRegionFile() throws {
        let folder = try TemporaryFolder(), archive = RegionArchive(), ledger = try ledger(folder, archive)
        archive.add(revision: "a", bytes: [1])
        archive.add(revision: "b", bytes: [2])
        var events = [verdict(1, .first, regions: "a")]
        try ledger.commit(&events)
        // A number that the session has already is our own mistake, and stands for any failure.
        events = [verdict(2, regions: "b"), verdict(1, regions: "b")]
        #expect(throws: JournalError.self) { try ledger.commit(&events) }
        #expect(ledger.lastSeq == 1)
        let reader = try JournalReader(path: "\(folder.path)/j")
        #expect(try reader.regionFile(revision: "b") == nil)
        events = [verdict(2, regions: "b")]
        try ledger.commit(&events)
        #expect(try reader.regionFile(revision: "b") == [2] && ledger.lastSeq == 2)
        #expect(try reader.check().isSound)
    }

    @Test func regionFileThatWasReplaced_IsKeptForTheFramesThatNameIt() throws {
        let folder = try TemporaryFolder(), archive = RegionArchive(), ledger = try ledger(folder, archive)
        func file(_ name: String) throws -> RegionFile {
            try RegionFile(yaml: "version: 1\ncameras:\n  c:\n    regions:\n      - {name: \(name), shape: {frame: true}}\n", name: "r.yaml")
        }
        let first = try file("a"), second = try file("b"), third = try file("never-used")
        archive.add(first)
        // In force by the time that the frame's verdict is committed.
        archive.add(second)
        archive.add(third)
        var events = [verdict(1, .first, regions: first.revision), verdict(2, regions: second.revision), verdict(3, regions: first.revision)]
        try ledger.commit(&events)
        // And back again.
        archive.add(first)
        events = [verdict(4, regions: first.revision)]
        try ledger.commit(&events)
        let reader = try JournalReader(path: "\(folder.path)/j")
        #expect(try reader.regionFile(revision: first.revision) == first.bytes)
        #expect(try reader.regionFile(revision: second.revision) == second.bytes)
        #expect(try reader.regionFile(revision: third.revision) == nil)
        #expect(try reader.check().isSound)
    }

    @Test func ledger_TidiesTheJournal() throws {
        let folder = try TemporaryFolder()
        var settings = Self.settings
        settings.keepSeconds = 1
        let time = Monitor((monotonic: Int64(5), utc: Int64(1_000_000_000)))
        let clock = PipelineClock(monotonicNs: { time.read { $0.monotonic } }, utcNs: { time.read { $0.utc } })
        let ledger = try JournalLedger(path: "\(folder.path)/j", settings: settings, regions: RegionArchive(), clock: clock)
        var events = [verdict(1, .first), verdict(2), verdict(3)]
        try ledger.commit(&events)
        func tidied(after seconds: Int64, jump: Int64 = 0) throws -> ClosedRange<UInt64>? {
            time.update { $0 = ($0.monotonic + seconds * 1_000_000_000, $0.utc + (seconds + jump) * 1_000_000_000) }
            try ledger.tidy(utcNs: clock.utcNs())
            return try JournalReader(path: "\(folder.path)/j").range
        }
        // A clock that is right has been so for an hour; one in the wrong year removes nothing, nor does its way back.
        #expect(try tidied(after: 3599) == 1...3)
        #expect(try tidied(after: 10, jump: 400 * 86_400) == 1...3)
        #expect(try tidied(after: 2, jump: -400 * 86_400) == 1...3)
        #expect(try tidied(after: 3598) == 1...3)
        #expect(try tidied(after: 2) == 3...3)
    }

    /// The daemon is started again: what a camera sent meanwhile is missing, and its count goes on in its session.
    @Test func restart_GoesOnWithEachCamerasCount() async throws {
        let folder = try TemporaryFolder()
        func run(_ numbers: [UInt64]) async throws -> [VerdictEvent] {
            let path = "\(folder.path)/j"
            let archive = RegionArchive()
            archive.add(revision: "r1", bytes: [1])
            let rig = Rig(PipelineSettings(), ledger: { try JournalLedger(path: path, settings: Self.settings, regions: archive) })
            rig.feed.send(numbers.map { frame("c", $0) })
            try await rig.runToEnd()
            return rig.verdicts
        }
        #expect(try await run([5, 6]).map(\.arrival) == [.first, .next])
        let second = try await run([10, 11])
        #expect(second.map(\.arrival) == [.gap, .next] && second.map(\.session) == [1, 1] && second.map(\.seq) == [4, 5])
        // A camera that counts anew is seen to do so.
        let third = try await run([0, 1])
        #expect(third.map(\.arrival) == [.restart, .next] && third.map(\.session) == [6, 6])
        let reader = try JournalReader(path: "\(folder.path)/j"), check = try reader.check()
        #expect(check.isSound && check.missing == 3 && check.cameraSessions == 2)
    }

    @Test func secondDaemon_DoesNotStart() async throws {
        let folder = try TemporaryFolder(), path = "\(folder.path)/j"
        let first = try ledger(folder)
        let rig = Rig(PipelineSettings(), ledger: { try JournalLedger(path: path, settings: Self.settings, regions: RegionArchive()) })
        await #expect { try await rig.pipeline.start() } throws: { ($0 as? JournalError)?.kind == .busy }
        #expect(first.lastSeq == 0)
    }
}

@Suite struct RegionArchiveTests {
    @Test func file_IsGivenOnce_AndAgainWhenItComesAgain() {
        let archive = RegionArchive()
        archive.add(revision: "a", bytes: [1])
        archive.add(revision: "a", bytes: [2])
        #expect(archive.takeNew("b") == nil && archive.takeNew("a") == [1] && archive.takeNew("a") == nil)
        archive.add(revision: "a", bytes: [1])
        #expect(archive.takeNew("a") == [1])
    }

    @Test func memory_IsBounded_ButTheLastOnesStay() {
        let archive = RegionArchive(), large = [UInt8](repeating: 0, count: 1 << 20)
        for number in 0..<60 { archive.add(revision: "\(number)", bytes: large) }
        #expect(archive.takeNew("43") == nil && archive.takeNew("44") != nil && archive.takeNew("59") != nil)
        let small = RegionArchive()
        for number in 0..<200 { small.add(revision: "\(number)", bytes: [UInt8(number)]) }
        #expect(small.takeNew("0") == [0])
    }
}

/// The row of events from a pipeline to a subscriber, over sockets.
@Suite struct CatchUpLineTests {
    @Test func subscriberThatCameLate_HasTheJournal_ByteForByte() async throws {
        let folder = try TemporaryFolder(), path = folder.path, context = try MessagingContext(), feed = Feed()
        let pipeline = Pipeline(
            settings: PipelineSettings(),
            stages: PipelineStages(
                makeSource: { FakeSource(feed: feed) }, makeDecoder: { FakeDecoder(clock: nil) },
                makeInspector: { FakeInspector(gate: Gate(open: true), clock: nil) { _ in } },
                makeSink: { try SocketSink(context: context, endpoints: [Endpoint(.bind, "ipc://\(path)/out")]) },
                makeLedger: {
                    var settings = JournalSettings()
                    settings.durability = .normal
                    settings.ballastBytes = 0
                    return try JournalLedger(path: "\(path)/j", settings: settings, regions: RegionArchive())
                },
                interruptSource: { feed.interrupt() }),
            identity: PipelineIdentity(model: "m", build: "b"), logger: quiet)
        try await pipeline.start()
        let service = CatchUpService(context: context, endpoints: [Endpoint(.bind, "ipc://\(path)/c")], journal: "\(path)/j") {}
        let serving = Task { try await service.run() }
        feed.send((1...700).map { frame("a", $0 * 2) })

        // 1400 events: a verdict each, and what is missing before it; then 200 more, in the middle of which the subscriber stands.
        let events = 700 + 699 + 200
        let (ready, readiness) = AsyncStream<Void>.makeStream()
        let subscriber = Task.onThread { () -> [[UInt8]] in
            var taken: [[UInt8]] = []
            do {
                let outside = try MessagingContext()
                let subscriber = try EventSubscriber(context: outside, endpoints: [Endpoint(.connect, "ipc://\(path)/out")], topics: [""])
                let client = CatchUpClient(context: outside, endpoint: Endpoint(.connect, "ipc://\(path)/c"))
                let follower = EventFollower(since: 0, ask: { try client.ask($0, timeoutMs: 20_000) })
                func take(_ json: [UInt8]) -> Bool { taken.append(json); return true }
                #expect(try follower.begin(take))
                readiness.finish()
                while taken.count < events, let parts = try subscriber.receive(timeoutMs: 20_000) { try follower.follow(parts, take) }
                #expect(follower.notes == [])
            } catch {
                Issue.record(error)
                readiness.finish()
            }
            return taken
        }
        for await _ in ready {}
        feed.send((0..<200).map { frame("b", $0) })
        let taken = await subscriber.value
        pipeline.drain()
        try await pipeline.finished()
        serving.cancel()
        try await serving.value
        let reader = try JournalReader(path: "\(path)/j")
        var rows: [[UInt8]] = []
        try reader.forEach(JournalReader.Query()) { rows.append($0.json) }
        #expect(taken == rows && rows.count == events)
    }

    @Test func addressInUse_EndsTheService() async throws {
        let folder = try TemporaryFolder(), context = try MessagingContext()
        let service = CatchUpService(context: context, endpoints: [Endpoint(.bind, "tcp://256.0.0.1:1")], journal: "\(folder.path)/j") {}
        await #expect(throws: StreamingError.self) { try await service.run() }
    }
}
