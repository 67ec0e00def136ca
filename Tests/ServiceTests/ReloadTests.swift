import Foundation
import Inspection
import Logging
import Streaming
import Testing

@testable import Service

@Suite struct ConfigurationReloaderTests {
    /// A reloader over files in a folder, and what it says.
    private final class Bench: Sendable {
        let folder: TemporaryFolder
        let regions: ReloadableFile<RegionFile>
        let models: ModelShelf
        let level = SharedLogLevel(.info)
        let board = SubscriptionBoard()
        let told = Monitor<[(StatusEvent.Condition, String)]>([])
        /// Region files that took another's place: the revisions of both.
        let edits = Monitor<[[String]]>([])
        let reloader: ConfigurationReloader

        init() throws {
            let folder = try TemporaryFolder(), told = told, edits = edits
            self.folder = folder
            try Self.writeRegions("a", folder)
            try Self.write("", folder)
            let configuration = try Self.read(folder)
            regions = try ReloadableFile(path: configuration.regions) { try RegionFile(path: $0) }
            models = ModelShelf(try CameraModels(configuration))
            let rig = Rig(PipelineSettings())
            let golden = GoldenKeeper(nil, pipeline: rig.pipeline, limits: configuration.limits.image, logger: quiet)
            reloader = ConfigurationReloader(
                configuration,
                parts: .init(regions: regions, models: models, board: board, level: level, golden: golden) { before, after in edits.update { $0.append([before.revision, after.revision]) } },
                reread: { try Self.read(folder) }, manager: nil, logger: quiet
            ) { condition, detail in told.update { $0.append((condition, detail)) } }
        }

        static func read(_ folder: TemporaryFolder) throws -> Configuration { try Configuration(path: "\(folder.path)/flawd.yaml", environment: [:]) }

        static func write(_ more: String, regions: String = "regions.yaml", bind: Int = 5556, _ folder: TemporaryFolder) throws {
            _ = try folder.write(
                "version: 1\nregions: \(regions)\nsubscribe: {connect: \"tcp://127.0.0.1:5555\"}\npublish: {bind: \"tcp://127.0.0.1:\(bind)\"}\n\(more)\n",
                to: "flawd.yaml")
        }

        static func writeRegions(_ name: String, to file: String = "regions.yaml", _ folder: TemporaryFolder) throws {
            _ = try folder.write("version: 1\ncameras:\n  c:\n    regions:\n      - {name: \(name), shape: {frame: true}}\n", to: file)
        }

        func reload() async -> ConfigurationReloader.Outcome { await reloader.reload() }
        var conditions: [StatusEvent.Condition] { told.read { $0.map(\.0) } }
    }

    @Test func changedFiles_AreInForce() async throws {
        let bench = try Bench(), before = bench.regions.current.revision
        try Bench.writeRegions("b", to: "other.yaml", bench.folder)
        try Bench.write("log: {level: debug}", regions: "other.yaml", bench.folder)
        let outcome = await bench.reload()
        #expect(outcome == .init(isInForce: true, detail: "in force"))
        #expect(bench.regions.path.hasSuffix("other.yaml") && bench.regions.current.revision != before && bench.level.current == .debug)
        #expect(bench.conditions == [.regionsReplaced, .configurationReplaced])
        // Once for each file that is another one; what the page writes it records itself.
        _ = await bench.reload()
        let second = bench.regions.current.revision
        try Bench.writeRegions("c", to: "other.yaml", bench.folder)
        await bench.reloader.reloadChangedRegions(atOnce: true)
        let third = bench.regions.current.revision
        try Bench.writeRegions("d", to: "other.yaml", bench.folder)
        let refused = await Task.onThread { bench.reloader.reloadRegions() }.value
        #expect(refused == nil && bench.regions.current.revision != third)
        #expect(bench.edits.read { $0 } == [[before, second], [second, third]])
    }

    @Test func badFile_ChangesNothing() async throws {
        let bench = try Bench(), before = bench.regions.current.revision
        try Bench.writeRegions("b", bench.folder)
        try Bench.write("log: {level: loud}", bench.folder)
        let refused = await bench.reload()
        #expect(!refused.isInForce && refused.detail.contains("loud") && bench.regions.current.revision == before)
        // A good configuration with a bad region file: neither.
        try Bench.write("log: {level: debug}", bench.folder)
        _ = try bench.folder.write("version: 1\ncameras: {c: {regins: []}}\n", to: "regions.yaml")
        let again = await bench.reload()
        #expect(!again.isInForce && again.detail.contains("regins") && bench.level.current == .info && bench.regions.current.revision == before)
        #expect(bench.conditions == [.configurationRefused, .regionsRefused, .configurationRefused])
    }

    @Test func whatCannotChange_IsNamedUntilTheRestart() async throws {
        let bench = try Bench()
        try Bench.write("pipeline: {workers: 3}\nlog: {level: debug}", bind: 5600, bench.folder)
        for _ in 0..<2 {
            #expect(await bench.reload().detail == "in force, but for what waits for a restart: publish, pipeline")
        }
        #expect(bench.level.current == .debug)
    }

    @Test func adapterThatIsNone_IsRefused() async throws {
        let bench = try Bench()
        try Bench.write("adapters: {c: none.safetensors}\nlog: {level: debug}", bench.folder)
        let outcome = await bench.reload()
        #expect(!outcome.isInForce && outcome.detail.contains("none.safetensors") && bench.level.current == .info)
    }

    /// What the receiving thread cannot do is no part of anything, and nothing else is taken over.
    @Test func subscription_IsTakenOverByTheReceivingThread() async throws {
        let bench = try Bench(), board = bench.board
        func receiver(_ problem: String?) -> Task<Configuration.Subscription, Never> {
            Task.onThread {
                while true {
                    if let wish = board.wish {
                        board.settle(wish, problem)
                        return wish.subscription
                    }
                    usleep(1000)
                }
            }
        }
        _ = try bench.folder.write(
            "version: 1\nregions: regions.yaml\nsubscribe: {connect: [\"tcp://127.0.0.1:5555\", \"tcp://127.0.0.1:5557\"]}\npublish: {bind: \"tcp://127.0.0.1:5556\"}\nlog: {level: debug}\n",
            to: "flawd.yaml")
        let failing = receiver("no route")
        #expect(await bench.reload() == .init(isInForce: false, detail: "subscribe: no route"))
        #expect(bench.level.current == .info)
        _ = await failing.value
        let working = receiver(nil)
        #expect(await bench.reload().isInForce)
        #expect(await working.value.endpoints.count == 2)
        #expect(bench.level.current == .debug)
        // It is in force: the same file asks for nothing.
        #expect(await bench.reload().isInForce && board.wish == nil)
    }

    /// The watcher hears of a file as soon as its writer has closed it, or another took its place.
    @Test func regionFile_IsReadAgainWhenItChanges() async throws {
        let bench = try Bench(), regions = bench.regions
        let watcher = RegionWatcher(reloader: bench.reloader, path: { regions.path }, interval: .seconds(3600))
        let task = Task { try await watcher.run() }
        // Until the watch is there a change may go unnoticed.
        for (name, replaces) in [("b", false), ("c", true)] {
            let before = regions.current.revision
            while regions.current.revision == before {
                try Bench.writeRegions(name, to: replaces ? "new.yaml" : "regions.yaml", bench.folder)
                if replaces { rename("\(bench.folder.path)/new.yaml", "\(bench.folder.path)/regions.yaml") }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        // Between two writes half a file may be read, and is refused.
        #expect(bench.conditions.count { $0 == .regionsReplaced } >= 2)
        task.cancel()
        _ = try? await task.value
    }
}

@Suite struct SubscriptionChangeTests {
    /// Cameras come and go over real sockets: the one that stays loses nothing, and what had come from the one that goes is received.
    @Test func camerasChange_WithoutLosingAFrame() async throws {
        let folder = try TemporaryFolder(), path = folder.path
        let board = SubscriptionBoard(), context = try MessagingContext()
        func subscription(_ names: [String]) -> Configuration.Subscription {
            var subscription = Configuration.Subscription()
            subscription.endpoints = names.map { Endpoint(.connect, "ipc://\(path)/\($0)") }
            return subscription
        }
        let first = subscription(["a", "b"]), second = subscription(["a", "c"]), third = subscription(["a"])
        let seen = Monitor<[String: Int]>([:])
        let receiver = Task.onThread { () -> String? in
            do {
                let source = try SocketSource(context: context, subscription: first, limits: Configuration.Limits(), board: board)
                while case let reception = try source.receive(timeoutMs: 100) {
                    switch reception {
                    case .ended: return nil
                    case .message(.frame(let frame)): seen.update { $0[frame.header.camera, default: 0] += 1 }
                    default: continue
                    }
                }
            } catch { return "\(error)" }
        }
        let problem = await Task.onThread { () -> String? in
            do {
                let outside = try MessagingContext()
                let lines = try ["a", "b", "c"].map { try Publisher(context: outside, endpoints: [Endpoint(.bind, "ipc://\(path)/\($0)")]) }
                func send(_ line: Int, _ count: Int) throws {
                    for _ in 0..<count { try lines[line].send([Array("camera \(line)".utf8), Array("jpeg".utf8)]) }
                }
                guard try lines[0].waitForSubscribers(timeoutMs: 20_000), try lines[1].waitForSubscribers(timeoutMs: 20_000) else { return "a, b" }
                try send(0, 200)
                try send(1, 200)
                seen.wait { $0["camera 1"] == 200 ? () : nil }
                try board.ask(for: second)
                guard try lines[2].waitForSubscribers(timeoutMs: 20_000) else { return "c" }
                try send(0, 200)
                try send(1, 50)
                try send(2, 200)
                seen.wait { $0["camera 2"] == 200 && $0["camera 0"] == 400 ? () : nil }
                try board.ask(for: third)
                try send(2, 50)
                try send(0, 200)
                seen.wait { $0["camera 0"] == 600 ? () : nil }
                // An address that nobody can bind is refused, and everything is as it was.
                var wrong = third
                wrong.endpoints = [Endpoint(.bind, "tcp://256.0.0.1:1")]
                do {
                    try board.ask(for: wrong)
                    return "bound the impossible"
                } catch { if !"\(error)".contains("256.0.0.1") { return "\(error)" } }
                try send(0, 100)
                seen.wait { $0["camera 0"] == 700 ? () : nil }
                return nil
            } catch { return "\(error)" }
        }.value
        #expect(problem == nil)
        context.shutdown()
        #expect(await receiver.value == nil)
        #expect(seen.read { $0 } == ["camera 0": 700, "camera 1": 200, "camera 2": 200])
    }
}
