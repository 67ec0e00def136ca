import Foundation
import Inspection
import Testing

@testable import Service

extension HealthMonitor {
    /// Of a pipeline of fakes.
    convenience init(_ rig: Rig, journal: String? = nil, recording: FrameKeeper? = nil) {
        self.init(
            pipeline: rig.pipeline,
            sources: HealthSources(
                build: "b", model: { .init(path: "nano", hash: "m") }, regions: { .init(path: "r.yaml", revision: "r1") }, journal: journal, recording: recording))
    }
}

@Suite struct HealthTests {
    /// Every fate for one camera, a gap and a duplicate for another, and what is no frame at all.
    private static let messages = Script.Fate.allCases.enumerated().map { frame("a", UInt64($0.offset), Script(fate: $0.element)) }
        + [frame("b \"quoted\"", 1), frame("b \"quoted\"", 5), frame("b \"quoted\"", 5), .rejected(problem: "noise")]

    private func run(_ settings: PipelineSettings = PipelineSettings(), clock: ManualClock? = nil) async throws -> (rig: Rig, registry: PrometheusRegistry) {
        var settings = settings
        settings.policy = .block
        let registry = PrometheusRegistry()
        let rig = Rig(settings, clock: clock, metrics: registry)
        rig.feed.send(Self.messages)
        try await rig.runToEnd()
        return (rig, registry)
    }

    @Test func report_TellsWhatBecameOfEveryFrame_ByCamera() async throws {
        let (rig, _) = try await run()
        let report = HealthMonitor(rig).report()
        #expect(report.cameras.map(\.camera) == ["a", "b \"quoted\""])
        let (a, b) = (report.cameras[0].frames, report.cameras[1].frames)
        #expect((a.received, a.pass, a.review, a.fail, a.inFlight, a.missing) == (6, 1, 1, 1, 0, 0))
        #expect(a.uninspected.filter { $0.value > 0 } == ["decode_error": 1, "model_error": 1, "no_region": 1])
        #expect(Set(a.uninspected.keys) == Set(UninspectedReason.allCases.map(\.rawValue)))
        #expect((b.received, b.pass, b.missing, b.duplicates) == (3, 3, 3, 1))
        #expect(report.frames.received == 9 && report.frames.pass == 4 && report.frames.missing == 3 && report.rejectedMessages == 1)
        #expect(report.latencyMs["total"] != nil && report.latencyMs["encode"] != nil && Set(report.latencyMs.keys).count == 8)
        #expect(report.journal.seq == 10 && report.journal.durability == .none, "nine verdicts and a missing event")
        #expect(report.cameras[1].modelSeconds == 9e-9, "encoding takes the fakes 1 ns and prompting 2")
    }

    @Test func metrics_SayTheSame() async throws {
        let (rig, registry) = try await run()
        let exporter = MetricsExporter(factory: registry), monitor = HealthMonitor(rig)
        exporter.export(monitor.report())
        exporter.export(monitor.report())
        let text = registry.text
        for line in [
            #"flawd_frames_received_total{camera="a"} 6"#, #"flawd_verdicts_total{camera="a",verdict="uninspected"} 3"#,
            #"flawd_uninspected_total{camera="a",reason="decode_error"} 1"#, #"flawd_uninspected_total{camera="a",reason="overload"} 0"#,
            #"flawd_missing_frames_total{camera="b \"quoted\""} 3"#, #"flawd_verdicts_total{camera="b \"quoted\"",verdict="pass"} 3"#,
            #"flawd_rejected_messages_total 1"#, #"flawd_frame_seconds_count{camera="a"} 6"#, #"flawd_frame_seconds_count{camera="b \"quoted\""} 3"#,
            #"flawd_stage_seconds_count{camera="a",stage="commit"} 6"#, #"flawd_stage_seconds_count{camera="a",stage="encode"} 4"#, "flawd_journal_seq 10",
            #"flawd_build_info{build="b",model="m"} 1"#,
        ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
    }

    @Test func everyMetricOfTheCatalog_IsExported_WithItsLabels_AndNoOther() async throws {
        var settings = PipelineSettings()
        settings.deadlineMs = 60_000
        let (rig, registry) = try await run(settings)
        let folder = try TemporaryFolder()
        let journal = try folder.write("x", to: "journal.sqlite")
        let regions = try ReloadableFile(path: folder.write("version: 1\ncameras: {c: {regions: [{name: a, shape: {frame: true}}]}}", to: "r.yaml")) { try RegionFile(path: $0) }
        let keeper = FrameKeeper(
            settings: RecordingSettings(folder: folder.path), regions: regions, configuration: nil, program: "flawd", logger: quiet) { _, _ in }
        let monitor = HealthMonitor(rig, journal: journal, recording: keeper)
        monitor.look()
        MetricsExporter(factory: registry).export(monitor.report())
        try RefusalMiddleware(gate: PageGuard(HTTPSettings(bind: "127.0.0.1:0", insecure: false), logger: quiet), paths: [], commands: [], metrics: registry).count(path: "/metrics", code: 200)
        let families = registry.contents.families
        #expect(Set(families.map(\.description.name) + [MetricCatalog.refusedSeries.name]) == Set(MetricCatalog.all.map(\.name)))
        for family in families {
            let labels = Set(family.series.keys.map { $0.map(\.name).sorted() })
            #expect(labels == [family.description.labels.sorted()], "\(family.description.name)")
            #expect(family.description.kind != .counter || family.description.name.hasSuffix("_total"))
        }
        #expect(Set(MetricCatalog.all.map(\.name)).count == MetricCatalog.all.count)
    }

    @Test func json_IsWhatTheSchemaSays_AndIsReadBack() async throws {
        let (rig, _) = try await run()
        rig.pipeline.status.remember(StatusEvent(.regionsRefused, detail: "line 3: \"no\"", publishedUTCNs: 5))
        let folder = try TemporaryFolder()
        let monitor = HealthMonitor(rig, journal: try folder.write("x", to: "journal.sqlite"))
        monitor.look()
        for report in [monitor.report(), HealthMonitor(Rig(PipelineSettings())).report()] {
            let json = try report.json()
            var check = try SchemaCheck(schema: HealthSchema.text)
            #expect(try check.check(json) == [])
            #expect(try JSONDecoder().decode(HealthReport.self, from: Data(json)) == report)
        }
        #expect(monitor.report().journal.disk.map { $0.freeBytes > 0 && $0.freeBytes <= $0.sizeBytes } == true)
        #expect(monitor.report().process.residentBytes.map { $0 > 1 << 20 } == true)
        #expect(monitor.report().conditions["regions_refused"] == 1)
        var strict = try SchemaCheck(schema: HealthSchema.text)
        #expect(try strict.check(Array(#"{"type": "health", "surprise": 1}"#.utf8)).contains(": surprise is not in the schema"), "the check can fail")
    }

    @Test func schema_ExplainsEveryKey() throws {
        func explain(_ value: Any, _ path: String) {
            if let array = value as? [Any] { array.forEach { explain($0, path) } }
            guard let object = value as? [String: Any] else { return }
            for (key, property) in object["properties"] as? [String: [String: Any]] ?? [:] { #expect((property["description"] as? String)?.isEmpty == false, "\(path) \(key)") }
            for (key, value) in object { explain(value, "\(path)/\(key)") }
        }
        explain(try JSONSerialization.jsonObject(with: Data(HealthSchema.text.utf8)), "")
    }

    @Test func workerThatHangs_MakesItUnhealthy_AndNotReady_UntilItGoesOn() async throws {
        let gate = Gate(open: false), clock = ManualClock()
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let rig = Rig(PipelineSettings(), gate: gate, clock: clock, onInspect: { _ in begin.finish() })
        let monitor = HealthMonitor(rig)
        #expect(monitor.report().hindrances.first?.hasPrefix("starting") == true && monitor.report().isHealthy)
        try await rig.pipeline.start()
        rig.pipeline.station.isUp()
        monitor.look()
        #expect(monitor.report().isReady && monitor.report().state == .ready)
        rig.feed.send([frame("c", 1)])
        for await _ in begun {}
        clock.advance(ms: 119_000)
        monitor.look()
        #expect(monitor.report().isHealthy && monitor.report().isReady, "a large model may take its time")
        clock.advance(ms: 5_000)
        monitor.look()
        let report = monitor.report()
        #expect(report.stalls.contains { $0.contains("inspect.0 has been at one piece of work for 124 s") } && !report.isReady)
        #expect(report.stalls.contains { $0.hasPrefix("1 frames are inside") })
        gate.open()
        rig.feed.end()
        try await rig.pipeline.finished()
        #expect(monitor.report().isHealthy)
        rig.pipeline.station.isStopping()
        #expect(monitor.report().hindrances.first?.hasPrefix("stopping") == true)
    }

    @Test func idleCamera_IsProgress() async throws {
        let clock = ManualClock(), rig = Rig(PipelineSettings(), clock: clock, source: { IdleSource() })
        let monitor = HealthMonitor(rig)
        try await rig.pipeline.start()
        rig.pipeline.station.isUp()
        for _ in 0..<5 {
            clock.advance(ms: 100_000)
            // The receiving thread turns at its own pace.
            while let longest = rig.pipeline.pulse.longest(at: clock.clock.monotonicNs()), longest.ns > 1_000_000_000 { await Task.yield() }
            monitor.look()
            #expect(monitor.report().isReady)
        }
        rig.pipeline.drain()
        try await rig.pipeline.finished()
    }

    private struct IdleSource: FrameSource {
        func receive(timeoutMs: Int) -> Reception { .nothing }
    }

    private struct StuckLedger: VerdictLedger {
        struct Refusal: LedgerFailure, CustomStringConvertible {
            var isTemporary: Bool { true }
            var description: String { "disk full" }
        }

        let run = RunLedger(), isOpen: Monitor<Bool>, onRefusal: @Sendable () -> Void
        var epoch: String { run.epoch }
        var lastSeq: UInt64 { run.lastSeq }
        var durability: EventDurability { .none }
        func tidy(utcNs: Int64) {}
        func commit(_ events: inout [PipelineEvent]) throws {
            guard isOpen.read({ $0 }) else {
                onRefusal()
                throw Refusal()
            }
            run.commit(&events)
        }
    }

    @Test func journalThatFails_IsToldWithItsWords_UntilItTakesEventsAgain() async throws {
        let isOpen = Monitor(false), (refusals, refuse) = AsyncStream<Void>.makeStream()
        var settings = PipelineSettings()
        // Longer than the test may wait for a processor.
        settings.ledgerPatienceMs = 120_000
        let rig = Rig(settings, ledger: { StuckLedger(isOpen: isOpen) { refuse.yield() } })
        let monitor = HealthMonitor(rig)
        try await rig.pipeline.start()
        rig.pipeline.station.isUp()
        rig.feed.send([frame("c", 1)])
        var count = 0
        for await _ in refusals {
            count += 1
            if count == 3 { break }
        }
        let report = monitor.report()
        #expect(report.state == .error && report.hindrances == ["error: disk full"] && report.journal.failing == "disk full" && report.isHealthy)
        #expect(report.journal.commitFailures >= 1)
        isOpen.update { $0 = true }
        rig.feed.end()
        try await rig.pipeline.finished()
        #expect(monitor.report().journal.failing == nil)
        // Once a second.
        #expect(monitor.report().conditions["journal_failing"] ?? 0 >= 1 && monitor.report().conditions["journal_recovered"] == 1)
        let told = monitor.report().events.map(\.condition).filter { $0 != .station }
        #expect(told.first == .journalFailing && told.last == .journalRecovered)
    }

    @Test func health_IsPublished_AndTheLatestOnlyWhereOneWaits() async throws {
        let rig = Rig(PipelineSettings())
        rig.pipeline.status.leave(HealthEvent(json: [1]))
        rig.pipeline.status.leave(HealthEvent(json: [2]))
        try await rig.pipeline.start()
        for await word in rig.output.said {
            guard case .health(let event) = word else { continue }
            #expect(event.json == [2])
            break
        }
        rig.feed.end()
        try await rig.pipeline.finished()
    }

    @Test func service_LooksExportsAndPublishes_UntilItIsStopped() async throws {
        let registry = PrometheusRegistry(), rig = Rig(PipelineSettings(), metrics: registry)
        let service = HealthService(monitor: HealthMonitor(rig), exporter: MetricsExporter(factory: registry), logger: quiet, intervalMs: 10)
        let running = Task { try await service.run() }
        try await rig.pipeline.start()
        rig.pipeline.station.isUp()
        for await word in rig.output.said {
            guard case .health(let event) = word, try JSONDecoder().decode(HealthReport.self, from: Data(event.json)).isReady else { continue }
            break
        }
        running.cancel()
        try await running.value
        #expect(registry.text.contains("flawd_ready ") && registry.text.contains("process_resident_memory_bytes "))
        rig.feed.end()
        try await rig.pipeline.finished()
    }

    @Test func rates_AreThoseOfTheLastTenSeconds() {
        var rates = FrameRates()
        #expect(rates.perSecond(lane: 0) == 0)
        for second in 0...30 { rates.note(second < 20 ? [UInt64(second) * 4] : [76 + UInt64(second - 19) * 2, 7], at: Int64(second) * 1_000_000_000) }
        #expect(rates.perSecond(lane: 0) == 2 && rates.perSecond(lane: 1) == 0 && rates.perSecond(lane: 2) == 0)
    }
}
