import Foundation
import Hummingbird
import Inspection
import ServiceLifecycle
import Synchronization
import Testing

@testable import Service

// Real connections, and tests of time limits: one after the other, so that they do not take each other's time.
@Suite(.serialized) struct HTTPServiceTests {
    /// A line's worth of text that does not fit the sockets' buffers.
    private struct LongRoute: HTTPRoutes {
        let paths = ["/long"]
        func add(to router: Router<BasicRequestContext>) { router.get("long") { _, _ in Response.text(String(repeating: "x", count: 16 << 20)) } }
    }

    private static func settings(_ change: (inout HTTPSettings) -> Void = { _ in }) throws -> HTTPSettings {
        var settings = try HTTPSettings(bind: "127.0.0.1:0", insecure: false)
        change(&settings)
        return settings
    }

    /// Runs `body` on a thread while the service answers for a pipeline that was given three frames.
    private func serve<R: Sendable>(
        _ settings: HTTPSettings, _ registry: PrometheusRegistry = PrometheusRegistry(), running: Bool = true, commandsAt: String = "127.0.0.1:0",
        _ body: @escaping @Sendable (Int) throws -> R
    ) async throws -> R {
        let rig = Rig(PipelineSettings(), metrics: registry)
        if running {
            try await rig.pipeline.start()
            rig.pipeline.station.isUp()
            rig.feed.send((1...3).map { frame("line1/top", $0) })
            while rig.pipeline.snapshot.verdicts < 3 { await Task.yield() }
        }
        let monitor = HealthMonitor(rig)
        let routes: [any HTTPRoutes] = [HealthRoutes(monitor: monitor, exporter: MetricsExporter(factory: registry), registry: registry), LongRoute(),
            CommandRoutes(controller: try Self.controller(rig), gate: try PageGuard(HTTPSettings(address: #require(HTTPAddress(commandsAt))), logger: quiet))]
        let (ports, port) = AsyncStream<Int>.makeStream()
        let service = HTTPService(settings: settings, gate: try PageGuard(settings, logger: quiet), routes: routes, metrics: registry, logger: quiet) {
            port.yield($0)
            port.finish()
        }
        let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: quiet))
        let running = Task { try await group.run() }
        var result: Result<R, any Error>?
        for await port in ports { result = await Task.onThread { Result { try body(port) } }.value }
        await group.triggerGracefulShutdown()
        try await running.value
        rig.feed.end()
        if rig.pipeline.phase == .running { try await rig.pipeline.finished() }
        return try #require(result).get()
    }

    /// Without a configuration to read again.
    private static func controller(_ rig: Rig) throws -> StationController {
        let folder = try TemporaryFolder()
        let path = try folder.write("version: 1\ncameras:\n  c:\n    regions:\n      - {name: a, shape: {frame: true}}\n", to: "r.yaml")
        let configuration = Configuration(), golden = GoldenKeeper(nil, pipeline: rig.pipeline, limits: configuration.limits.image, logger: quiet)
        let parts = ConfigurationReloader.Parts(
            regions: try ReloadableFile(path: path) { try RegionFile(path: $0) }, models: ModelShelf(try CameraModels(configuration)),
            board: SubscriptionBoard(), level: SharedLogLevel(.info), golden: golden)
        let reloader = ConfigurationReloader(
            configuration, parts: parts, reread: { throw FakeFailure(description: "gone") }, manager: nil, logger: quiet) { _, _ in }
        return StationController(reloader: reloader, golden: golden, station: rig.pipeline.station)
    }

    private static func post(_ path: String, _ port: Int, header: String = "X-Flawd-Command: 1\r\n") throws -> String {
        let client = try RawClient(port: port)
        client.send("POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(header)Content-Length: 0\r\nConnection: close\r\n\r\n")
        return try #require(client.readToEnd())
    }

    @Test func commands_AreDone_WithTheirHeaderAlone() async throws {
        try await serve(Self.settings()) { port in
            #expect(try Self.post("/golden", port).contains("no golden samples"))
            #expect(try Self.post("/reload", port).hasPrefix("HTTP/1.1 409 Conflict\r\n") && Self.post("/reload", port).contains("gone"))
            #expect(try Self.post("/acknowledge", port).contains("{\"ok\":true,\"detail\":\"nothing was halted\""))
            #expect(try Self.post("/acknowledge", port, header: "").hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            let read = try Self.get("/reload", port)
            #expect(read.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n") && read.lowercased().contains("allow: post"))
        }
        // Nobody from elsewhere.
        try await serve(Self.settings(), commandsAt: "0.0.0.0:0") { port in
            let answer = try Self.post("/acknowledge", port)
            #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        }
    }

    private static func get(_ path: String, _ port: Int, method: String = "GET") throws -> String {
        let client = try RawClient(port: port)
        client.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return try #require(client.readToEnd())
    }

    private static func body(_ answer: String) -> String { answer.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n") }

    @Test func everyPath_IsAnswered() async throws {
        try await serve(Self.settings()) { port in
            #expect(try Self.get("/healthz", port).hasSuffix("\r\n\r\nhealthy\n"))
            let ready = try Self.get("/readyz", port)
            #expect(ready.hasPrefix("HTTP/1.1 200 OK\r\n") && ready.hasSuffix("\r\n\r\nready\n") && ready.lowercased().contains("cache-control: no-store"))
            let status = try JSONDecoder().decode(HealthReport.self, from: Data(Self.body(Self.get("/status", port)).utf8))
            #expect(status.frames.received == 3 && status.cameras.map(\.camera) == ["line1/top"] && status.isReady)
            let metrics = try Self.get("/metrics", port)
            #expect(metrics.contains("text/plain; version=0.0.4; charset=utf-8"))
            #expect(metrics.contains("\nflawd_frames_received_total{camera=\"line1/top\"} 3\n"))
            #expect(metrics.contains("\nflawd_http_requests_total{code=\"200\",path=\"/status\"} 1\n"))
        }
    }

    @Test func requestByAnotherName_IsRefused_ForAPageMayHaveGivenItselfThatName() async throws {
        try await serve(Self.settings { $0.hosts = ["line4.plant"] }) { port in
            for (host, code) in [("attacker.example", 421), ("attacker.example:\(port)", 421), ("line4.plant", 200), ("localhost:\(port)", 200), ("127.0.0.1:\(port)", 200), ("[::1]:1", 200)] {
                let client = try RawClient(port: port)
                client.send("GET /status HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
                #expect(try #require(client.readToEnd()).hasPrefix("HTTP/1.1 \(code) "), "\(host)")
            }
        }
    }

    @Test func pipelineThatHasNotStarted_IsHealthyAndNotReady() async throws {
        try await serve(Self.settings(), running: false) { port in
            #expect(try Self.get("/healthz", port).hasPrefix("HTTP/1.1 200 OK\r\n"))
            let ready = try Self.get("/readyz", port)
            #expect(ready.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n") && ready.contains("not ready\nstarting: "))
        }
    }

    @Test func head_HasNoBody_AndOtherMethodsAreRefused() async throws {
        try await serve(Self.settings()) { port in
            let head = try Self.get("/readyz", port, method: "HEAD")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && Self.body(head) == "")
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
                let answer = try Self.get("/metrics", port, method: method)
                #expect(answer.hasPrefix("HTTP/1.1 405 ") && answer.lowercased().contains("allow: get, head") || answer.hasPrefix("HTTP/1.1 400 "), "\(method)")
            }
            #expect(try Self.get("/metrics", port, method: "POST").hasPrefix("HTTP/1.1 405 "))
        }
    }

    @Test func unknownPath_IsAnsweredWithThoseThatAreKnown() async throws {
        let registry = PrometheusRegistry()
        try await serve(Self.settings(), registry) { port in
            for path in ["/", "/nothing", "/metrics/x", "/%00", "/../../etc/passwd"] {
                let answer = try Self.get(path, port)
                #expect(answer.hasPrefix("HTTP/1.1 404 ") && answer.hasSuffix("known are\n/acknowledge\n/golden\n/healthz\n/long\n/metrics\n/readyz\n/reload\n/status\n"), "\(path)")
            }
        }
        #expect(registry.text.contains("flawd_http_requests_total{code=\"404\",path=\"other\"} 5\n"), "invented paths make no series")
    }

    @Test func hostileRequests_AreRefused_AndTheNextOneIsAnswered() async throws {
        try await serve(Self.settings { $0.timeoutSeconds = 2 }) { port in
            let long = String(repeating: "x", count: 100_000)
            for request in [
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: \(long)\r\n\r\n", "GET /\(long) HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /healthz HTTP/1.1\r\n" + (0..<500).map { "H\($0): 1\r\n" }.joined() + "\r\n", "\u{16}\u{3}\u{1}\u{0}hello", "nonsense\r\n\r\n",
                "GET /healthz HTTP/9.9\r\n\r\n", "GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            ] {
                let client = try RawClient(port: port)
                client.send(request)
                let answer = try #require(client.readToEnd(), "not closed: \(request.prefix(60))")
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400") || answer.hasPrefix("HTTP/1.1 4"), "\(request.prefix(60)): \(answer.prefix(60))")
            }
            #expect(try Self.get("/healthz", port).hasSuffix("healthy\n"))
        }
    }

    @Test func connectionThatBringsNoRequest_OrNoneThatEnds_IsClosed() async throws {
        try await serve(Self.settings { $0.timeoutSeconds = 1 }) { port in
            for beginning in ["", "GET /heal", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX", "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc"] {
                let client = try RawClient(port: port)
                client.send(beginning)
                #expect(client.readToEnd() != nil, "not closed: \(beginning)")
            }
            // A byte now and then keeps nothing open.
            let client = try RawClient(port: port), begun = ContinuousClock.now
            client.send("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
            while client.send("x"), ContinuousClock.now - begun < .seconds(20) { usleep(100_000) }
            #expect(ContinuousClock.now - begun < .seconds(20))
        }
    }

    @Test func bodyThatIsTooLong_ClosesTheConnection() async throws {
        try await serve(Self.settings { $0.timeoutSeconds = 30 }) { port in
            let client = try RawClient(port: port), begun = ContinuousClock.now
            client.send("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n")
            let chunk = String(repeating: "x", count: 1 << 16)
            while client.send(chunk), ContinuousClock.now - begun < .seconds(20) {}
            #expect(ContinuousClock.now - begun < .seconds(20))
        }
    }

    @Test func clientThatDoesNotTakeItsAnswer_IsCutOff_AndOthersAreAnsweredMeanwhile() async throws {
        try await serve(Self.settings { $0.timeoutSeconds = 1 }) { port in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            for _ in 0..<50 { client.send("GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n") }
            #expect(try Self.get("/healthz", port).hasSuffix("healthy\n"))
            usleep(2_500_000)
            // What is in the buffers still comes, then the end, before the answer is whole.
            let rest = try #require(client.readToEnd())
            #expect(rest.utf8.count < 16 << 20)
        }
    }

    @Test func moreConnectionsThanAllowed_WaitUntilOthersEnd() async throws {
        try await serve(Self.settings { $0.maxConnections = 4; $0.timeoutSeconds = 2 }) { port in
            // One look of the server may take several that wait, so a few more than four get in.
            let idle = try (0..<60).map { _ in try RawClient(port: port) }
            #expect(try Self.get("/healthz", port).hasSuffix("healthy\n"))
            _ = idle
        }
    }

    @Test func oneConnection_CarriesManyRequests() async throws {
        try await serve(Self.settings()) { port in
            let client = try RawClient(port: port)
            for _ in 0..<20 {
                client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(client.read()?.hasSuffix("healthy\n") == true)
            }
        }
    }

    @Test func portThatIsTaken_IsAnErrorThatNamesIt() async throws {
        try await serve(Self.settings()) { port in
            let address = try #require(HTTPAddress("127.0.0.1:\(port)"))
            do throws(HTTPServiceError) {
                try HTTPService.probe(address)
                #expect(Bool(false), "must throw")
            } catch {
                #expect(error.description.hasPrefix("http.bind: cannot listen on 127.0.0.1:\(port): ") && error.description.contains("another program"))
            }
            let service = HTTPService(settings: HTTPSettings(address: address), gate: try PageGuard(HTTPSettings(address: address), logger: quiet), routes: [], metrics: PrometheusRegistry(), logger: quiet)
            let failed = DispatchSemaphore(value: 0), message = Monitor("")
            Task {
                do { try await service.run() } catch { message.update { $0 = "\(error)" } }
                failed.signal()
            }
            failed.wait()
            #expect(message.read { $0 }.contains("127.0.0.1:\(port)"))
        }
        try HTTPService.probe(#require(HTTPAddress("127.0.0.1:0")))
        #expect(throws: HTTPServiceError.self) { try HTTPService.probe(#require(HTTPAddress("203.0.113.7:9640"))) }
    }
}

@Suite struct HTTPAddressTests {
    @Test(arguments: [
        ("127.0.0.1:9640", true, "127.0.0.1:9640"), ("localhost:1", true, "127.0.0.1:1"), ("[::1]:65535", true, "[::1]:65535"), ("127.9.9.9:0", true, "127.9.9.9:0"),
        ("0.0.0.0:80", false, "0.0.0.0:80"), ("[::]:80", false, "[::]:80"), ("192.168.1.2:80", false, "192.168.1.2:80"), ("[::ffff:127.0.0.1]:80", false, "[::ffff:127.0.0.1]:80"),
    ]) func addresses_AreRead(_ text: String, _ isLoopback: Bool, _ shown: String) throws {
        let address = try #require(HTTPAddress(text))
        #expect(address.isLoopback == isLoopback && address.description == shown)
    }

    @Test(arguments: ["", "9640", ":9640", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "example.com:80", "::1:80", "[::1]", "127.1:80", "*:80", "[127.0.0.1]:80", "127.0.0.1:80 "])
    func others_AreNot(_ text: String) { #expect(HTTPAddress(text) == nil) }
}
