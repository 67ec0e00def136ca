import Foundation
import Logging
import Testing

@testable import Service

/// A datagram socket that a test listens on, as systemd does.
private final class Listener: Sendable {
    private let descriptor: Int32

    init(_ name: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = name.hasPrefix("@") ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8) + [0]
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let length = socklen_t(2 + bytes.count)
        let status = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) } }
        try #require(status == 0)
    }

    deinit { close(descriptor) }

    /// The next datagram; nil after ten seconds.
    func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    func nextBytes() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        return Array(buffer[..<max(0, recv(descriptor, &buffer, buffer.count, 0))])
    }
}

@Suite struct ServiceManagerTests {
    private func manager(_ name: String, _ more: [String: String] = [:]) throws -> ServiceManager {
        try #require(ServiceManager(environment: more.merging(["NOTIFY_SOCKET": name]) { $1 }))
    }

    @Test func messages_AreOneDatagramEach() throws {
        let folder = try TemporaryFolder(), name = "\(folder.path)/n", listener = try Listener(name), manager = try manager(name)
        manager.ready("all\nis well")
        #expect(listener.next() == "READY=1\nSTATUS=all is well")
        manager.isAlive()
        #expect(listener.next() == "WATCHDOG=1")
        manager.isReloading()
        let reloading = try #require(listener.next()).split(separator: "\n")
        #expect(reloading.count == 2 && reloading[0] == "RELOADING=1")
        let stated = try #require(reloading[1].split(separator: "=").last.flatMap { Double($0) }) / 1e6
        #expect(abs(stated - ProcessInfo.processInfo.systemUptime) < 60)
        manager.isStopping()
        #expect(listener.next()?.hasPrefix("STOPPING=1\nSTATUS=") == true)
    }

    @Test func abstractAddress_IsReached() throws {
        let name = "@flawd-test-\(UUID().uuidString)", listener = try Listener(name)
        try manager(name).status("running")
        #expect(listener.next() == "STATUS=running")
    }

    @Test func start_IsExtendedWhileItLasts() throws {
        let folder = try TemporaryFolder(), name = "\(folder.path)/n", listener = try Listener(name)
        let answer = try manager(name).extendingStart { listener.next() }
        #expect(answer == "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=loading the model")
    }

    @Test(arguments: ["", "relative", "/" + String(repeating: "x", count: 200), "vsock:2:1234"]) func noSocket_IsNoManager(name: String) {
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": name]) == nil)
        #expect(ServiceManager(environment: [:]) == nil)
    }

    @Test func nobodyThere_IsNoTrouble() throws { try manager("/nowhere/at/all").isAlive() }

    @Test func watchdog_IsThatOfThisProcess() throws {
        #expect(try manager("/n").watchdog == nil)
        #expect(try manager("/n", ["WATCHDOG_USEC": "10000000"]).watchdog == .seconds(10))
        #expect(try manager("/n", ["WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "\(getpid())"]).watchdog == .seconds(10))
        #expect(try manager("/n", ["WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"]).watchdog == nil)
        #expect(try manager("/n", ["WATCHDOG_USEC": "-5"]).watchdog == nil && manager("/n", ["WATCHDOG_USEC": "soon"]).watchdog == nil)
    }
}

/// Comes back every now and then, as a socket does, and once with a frame.
private struct PatientSource: FrameSource {
    final class Line: Sendable { let wanted = Monitor(false) }
    let line: Line

    func receive(timeoutMs: Int) -> Reception {
        usleep(1000)
        let isWanted = line.wanted.update { wanted in
            defer { wanted = false }
            return wanted
        }
        return isWanted ? .message(frame("c", 1)) : .nothing
    }
}

@Suite struct WatchdogTests {
    /// A worker that does not come back from a frame is a reason to be started anew; a camera that sends nothing is none.
    @Test func stuckWorker_SilencesTheWatchdog() async throws {
        let folder = try TemporaryFolder(), name = "\(folder.path)/n", listener = try Listener(name)
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000"]))
        let clock = ManualClock(), gate = Gate(open: false), inspecting = AsyncStream<Void>.makeStream(), line = PatientSource.Line()
        let rig = Rig(
            PipelineSettings(), gate: gate, clock: clock, source: { PatientSource(line: line) }, onInspect: { _ in inspecting.continuation.yield() })
        try await rig.pipeline.start()
        let service = Task {
            try await SystemdService(manager: manager, pipeline: rig.pipeline, station: rig.pipeline.station, logger: quiet) { [monitor = HealthMonitor(rig)] in monitor.report().stalls.first }.run()
        }
        #expect(await Task.onThread { listener.next() }.value == "WATCHDOG=1")
        line.wanted.update { $0 = true }
        for await _ in inspecting.stream { break }
        #expect(rig.pipeline.stall == nil)
        clock.advance(ms: 121_000)
        let stall = try #require(rig.pipeline.stall)
        #expect(stall.seconds >= 121)
        let words = await Task.onThread { () -> [String] in
            var words: [String] = []
            while let word = listener.next() {
                words.append(word)
                if word.hasPrefix("STATUS=stuck: ") { break }
            }
            // What was under way when it got stuck has been said; from here on there is no sign of life.
            for _ in 0..<5 { if let word = listener.next() { words.append(word) } }
            return words
        }.value
        #expect(words.suffix(6).allSatisfy { $0.hasPrefix("STATUS=stuck: ") && $0.contains(" has been at one piece of work for 121 s") })
        gate.open()
        rig.pipeline.drain()
        try await rig.pipeline.finished()
        #expect(rig.pipeline.stall == nil)
        service.cancel()
        _ = try? await service.value
    }
}

@Suite struct JournaldTests {
    @Test func line_HasFields() throws {
        let folder = try TemporaryFolder(), listener = try Listener("\(folder.path)/j")
        let handler = try #require(JournaldLogHandler(label: "flawd", path: "\(folder.path)/j", fallback: SwiftLogNoOpLogHandler()))
        var logger = Logger(label: "flawd") { _ in handler }
        logger[metadataKey: "camera"] = "line1/top"
        logger.warning("late", file: "F.swift", function: "f()", line: 7)
        #expect(listener.next() == """
            MESSAGE=late
            PRIORITY=4
            SYSLOG_IDENTIFIER=flawd
            LOGGER=flawd
            CODE_FILE=F.swift
            CODE_LINE=7
            CODE_FUNC=f()
            FLAWD_CAMERA=line1/top

            """)
    }

    @Test func severalLines_HaveTheirLengthBefore() {
        var entry = JournalEntry()
        entry.add("MESSAGE", "a\nb")
        #expect(entry.bytes == Array("MESSAGE\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("a\nb\n".utf8))
    }

    @Test func names_AreTheJournals() {
        var entry = JournalEntry()
        entry.add("FLAWD_a-b.ü", "1")
        #expect(String(decoding: entry.bytes, as: UTF8.self) == "FLAWD_A_B___=1\n")
    }

    @Test func endlessText_IsCut() throws {
        let folder = try TemporaryFolder(), listener = try Listener("\(folder.path)/j")
        let handler = try #require(JournaldLogHandler(label: "l", path: "\(folder.path)/j", fallback: SwiftLogNoOpLogHandler()))
        Logger(label: "l") { _ in handler }.error("\(String(repeating: "x", count: 1 << 20))")
        #expect((30_000..<70_000).contains(listener.nextBytes().count))
    }

    @Test func journalNotThere_IsNoHandler() {
        #expect(JournaldLogHandler(label: "l", path: "/nowhere/at/all", fallback: SwiftLogNoOpLogHandler()) == nil)
        #expect(JournaldLogHandler(label: "l", environment: [:], fallback: SwiftLogNoOpLogHandler()) == nil)
        #expect(JournaldLogHandler(label: "l", environment: ["JOURNAL_STREAM": "1:2"], fallback: SwiftLogNoOpLogHandler()) == nil)
    }

    @Test func sharedLevel_ChangesForEverybody() {
        let level = SharedLogLevel(Logger.Level.info)
        let logger = Logger(label: "l") { label in SharedLevelHandler(StreamLogHandler.standardError(label: label), level: level) }, copy = logger
        #expect(copy.logLevel == .info)
        level.current = .error
        #expect(logger.logLevel == .error && copy.logLevel == .error)
        // A part that is made quieter, such as the HTTP server, does not silence the others.
        var quiet = logger
        quiet.logLevel = .critical
        #expect(quiet.logLevel == .critical && logger.logLevel == .error && level.current == .error)
    }
}
