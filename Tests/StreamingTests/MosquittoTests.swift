import Foundation
import Synchronization
import Testing
@testable import Streaming

/// The broker as Debian has it, on a port of its own, with a subscriber whose session it keeps.
private final class Mosquitto {
    static let program = "/usr/sbin/mosquitto", subscriber = "/usr/bin/mosquitto_sub"
    static var isInstalled: Bool { [program, subscriber].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) } }

    let port: Int
    private let folder: String
    private var broker: Process?
    private var listener: Process?

    init(folder: String, port: Int) throws {
        self.folder = folder
        self.port = port
        let configuration = """
            user \(NSUserName())
            listener \(port) 127.0.0.1
            allow_anonymous true
            persistence true
            persistence_location \(folder)/
            max_queued_messages 0

            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(folder)/mosquitto.conf"))
        FileManager.default.createFile(atPath: "\(folder)/seen", contents: nil)
    }

    /// To be called at a test's end.
    func end() {
        for process in [listener, broker] {
            guard let process, process.isRunning else { continue }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = ["-c", "\(folder)/mosquitto.conf"]
        process.standardError = FileHandle.nullDevice
        // Dispatch's threads block signals, and what they start would never hear of its end.
        var wanted = sigset_t(), before = sigset_t()
        sigemptyset(&wanted)
        sigaddset(&wanted, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &wanted, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
        broker = process
    }

    /// It keeps its sessions at an ordinary end. Asked again and again, for it forgets a signal that comes while it starts.
    func stop() {
        guard let broker else { return }
        for _ in 0..<300 where broker.isRunning {
            broker.terminate()
            usleep(100_000)
        }
        guard broker.isRunning else { return }
        Issue.record("mosquitto does not end by SIGTERM")
        end()
    }

    /// Begins the session that the broker keeps; false: the broker is not there yet.
    func subscribe() throws -> Bool {
        let process = try run(["-E"], output: FileHandle.nullDevice)
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    func listen() throws {
        listener = try run(["-F", "seen %t %p"], output: try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/seen")))
    }

    private func run(_ arguments: [String], output: FileHandle) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.subscriber)
        process.arguments = ["-h", "127.0.0.1", "-p", "\(port)", "-t", "flawd/#", "-q", "1", "-c", "-i", "subscriber"] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Lines of the subscriber, which begin with `prefix`.
    func lines(_ prefix: String) -> [String] {
        let text = (try? String(contentsOfFile: "\(folder)/seen", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
}

@Suite struct MosquittoTests {
    /// - Returns: false: not within half a minute, which only a test that has failed takes.
    private func wait(_ condition: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(30)
        while !condition() {
            guard .now < deadline else { return false }
            usleep(20_000)
        }
        return true
    }

    @Test(.enabled(if: Mosquitto.isInstalled, "no mosquitto here: apt-get install mosquitto mosquitto-clients"))
    func everyEvent_ReachesASubscriber_ThroughRestartsOfTheBroker() throws {
        let file = try JournalFile(), journal = try file.open(), wake = try WakeUp()
        // A port that was free a moment ago.
        let port = try { let broker = try FakeBroker(wake: wake); defer { broker.stop() }; return broker.port }()
        let mosquitto = try Mosquitto(folder: file.folder, port: port)
        defer { mosquitto.end() }
        try mosquitto.start()
        #expect(wait { (try? mosquitto.subscribe()) == true })
        try mosquitto.listen()

        let beginning = try MQTTForwarder.begin(journal: file.path), path = file.path
        let settings = MQTTSettings(broker: try MQTTBroker("mqtt://localhost:\(port)"), topics: try MQTTTopics(line: "press4"))
        final class Shared: Sendable { let stopping = Mutex(false), ended = Mutex(false), problems = Mutex<[String]>([]) }
        let shared = Shared()
        Thread.detachNewThread {
            let forwarder = MQTTForwarder(settings: settings, journal: path, position: beginning.position, build: "b", utcNs: { 0 }, wake: wake, tell: { _ in })
            while !shared.stopping.withLock({ $0 }) {
                do { try forwarder.converse { shared.stopping.withLock { $0 } } } catch { shared.problems.withLock { $0.append("\(error)") } }
                wake.wait(timeoutMs: 100)
            }
            shared.ended.withLock { $0 = true }
        }
        var next: UInt64 = 1
        for round in 0..<4 {
            for _ in 0..<20 {
                try journal.append((next..<next + 10).map { .verdict($0, camera: "line1/\($0 % 3)", epoch: journal.epoch) })
                next += 10
                wake.raise()
                if round > 0, next % 100 == 51 { mosquitto.stop() }
                if round > 0, next % 100 == 91 { try mosquitto.start() }
            }
            let all = Int(next) - 1
            #expect(wait { Set(mosquitto.lines("seen ").filter { $0.contains("/verdict ") }).count == all }, "\(shared.problems.withLock { $0 }.suffix(3))")
        }
        shared.stopping.withLock { $0 = true }
        wake.raise()
        #expect(wait { shared.ended.withLock { $0 } })
        var rows: [String] = []
        try file.reader().forEach(JournalReader.Query()) { rows.append("flawd/press4/\($0.camera)/verdict \(String(decoding: $0.json, as: UTF8.self))") }
        var seen: Set<String> = []
        let first = mosquitto.lines("seen ").filter { $0.contains("/verdict ") && seen.insert($0).inserted }
        #expect(first == rows && rows.count == 800)
        #expect(wait { mosquitto.lines("seen ").last?.contains(#""state":"offline","detail":"stopped""#) == true })
        #expect(shared.problems.withLock { !$0.isEmpty }, "the broker was away")
    }
}
