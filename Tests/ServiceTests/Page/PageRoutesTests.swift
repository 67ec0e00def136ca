import Foundation
import Imaging
import Inspection
import ServiceLifecycle
import Streaming
import Testing

@testable import Service

/// The page's paths over a real connection, in front of a pipeline of fakes with a real journal.
@Suite(.serialized) struct PageRoutesTests {
    /// A daemon's parts around a folder, and its files.
    private struct Bench: Sendable {
        let folder: TemporaryFolder
        let rig: Rig
        let recent: RecentFrames
        let parts: PageParts
        let gate: PageGuard
        var regions: String { "\(folder.path)/regions.yaml" }

        static let regionFile = "version: 1\ncameras:\n  # looks down\n  line1/top:\n    regions:\n      - name: seal\n        shape: {frame: true}\n"

        init(tokens: String? = nil) throws {
            let folder = try TemporaryFolder(), recent = RecentFrames(), path = "\(folder.path)/journal.sqlite", archive = RegionArchive()
            var journal = JournalSettings()
            journal.ballastBytes = 0
            let settings = journal
            let regions = try ReloadableFile(path: try folder.write(Self.regionFile, to: "regions.yaml")) { path in
                let file = try RegionFile(path: path)
                archive.add(file)
                return file
            }
            rig = Rig(PipelineSettings(), ledger: { try JournalLedger(path: path, settings: settings, regions: archive) }, taps: [recent])
            var http = try HTTPSettings(bind: "127.0.0.1:0", insecure: false)
            http.tokens = try tokens.map { try folder.write($0, to: "tokens") }
            gate = try PageGuard(http, logger: quiet)
            let configuration = Configuration(), golden = GoldenKeeper(nil, pipeline: rig.pipeline, limits: configuration.limits.image, logger: quiet)
            let reloader = ConfigurationReloader(
                configuration,
                parts: .init(regions: regions, models: ModelShelf(try CameraModels(configuration)), board: SubscriptionBoard(), level: SharedLogLevel(.info), golden: golden),
                reread: { throw FakeFailure(description: "gone") }, manager: nil, logger: quiet) { _, _ in }
            parts = PageParts(
                gate: gate, recent: recent, monitor: HealthMonitor(rig), regionFile: regions,
                regions: RegionDesk(pipeline: rig.pipeline, file: regions, reloader: reloader, journal: PageJournal(path: path), limits: configuration.limits.image),
                review: ReviewDesk(pipeline: rig.pipeline, recent: recent, journal: PageJournal(path: path), recordings: nil, exports: "\(folder.path)/exports", limits: configuration.limits.image),
                limits: configuration.limits.image)
            self.folder = folder
            self.recent = recent
        }

        /// Runs `body` on a thread while the page is served, after three frames of which the second failed.
        func serve<R: Sendable>(_ body: @escaping @Sendable (Client) throws -> R) async throws -> R {
            try await rig.pipeline.start()
            rig.pipeline.station.isUp()
            rig.feed.send((1...3).map { frame("line1/top", $0, Script(fate: $0 == 2 ? .fail : .pass)) })
            while rig.pipeline.snapshot.verdicts < 3 { await Task.yield() }
            var settings = try HTTPSettings(bind: "127.0.0.1:0", insecure: false)
            settings.timeoutSeconds = 10
            let (ports, port) = AsyncStream<Int>.makeStream()
            let service = HTTPService(
                settings: settings, gate: gate,
                routes: [PageRoutes(gate: gate), SessionRoutes(parts: parts), LiveRoutes(parts: parts), RegionRoutes(parts: parts), ReviewRoutes(parts: parts)],
                metrics: PrometheusRegistry(), logger: quiet
            ) {
                port.yield($0)
                port.finish()
            }
            let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: quiet))
            let running = Task { try await group.run() }
            var result: Result<R, any Error>?
            for await port in ports { result = await Task.onThread { Result { try body(Client(port: port)) } }.value }
            await group.triggerGracefulShutdown()
            try await running.value
            rig.feed.end()
            try await rig.pipeline.finished()
            return try #require(result).get()
        }
    }

    struct Client: Sendable {
        let port: Int

        struct Answer {
            var code: Int
            var head: String
            var body: String
            var json: Any? { try? JSONSerialization.jsonObject(with: Data(body.utf8), options: .fragmentsAllowed) }
            subscript(key: String) -> Any? { (json as? [String: Any])?[key] }
        }

        func ask(_ method: String, _ path: String, _ body: String = "", _ headers: String = "X-Flawd-Command: 1\r\n") throws -> Answer {
            let client = try RawClient(port: port)
            client.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
            let text = try #require(client.readToEnd()), parts = text.components(separatedBy: "\r\n\r\n")
            return Answer(code: Int(text.dropFirst(9).prefix(3)) ?? 0, head: parts[0], body: parts.dropFirst().joined(separator: "\r\n\r\n"))
        }

        func get(_ path: String) throws -> Answer { try ask("GET", path) }
        func post(_ path: String, _ body: String) throws -> Answer { try ask("POST", path, body) }
    }

    @Test func files_AreServed_WithAPolicyThatLetsNothingElseIn() async throws {
        try await Bench().serve { client in
            let page = try client.get("/")
            #expect(page.code == 200 && page.body.contains("<title>flawd</title>") && page.head.contains("script-src 'self'") && !page.head.contains("unsafe"))
            // Everything that a file names is there.
            var seen: Set = ["/"], waiting = ["/"]
            while let path = waiting.popLast() {
                let answer = try client.get(path)
                #expect(answer.code == 200, "\(path)")
                for match in answer.body.matches(of: /(?:"|\/)(?:page\/|\.\/)([a-z]+\.(?:js|css))"/) where seen.insert("/page/\(match.1)").inserted { waiting.append("/page/\(match.1)") }
                #expect(!answer.body.contains("innerHTML") && !answer.body.contains("eval("), "\(path)")
            }
            #expect(seen == Set(PageRoutes(gate: try PageGuard(HTTPSettings(bind: "127.0.0.1:0", insecure: false), logger: quiet)).paths))
            let tag = try #require(page.head.firstMatch(of: /(?i)etag: ("[0-9a-f]+")/)?.1)
            #expect(try client.ask("GET", "/", "", "If-None-Match: \(tag)\r\n").code == 304)
        }
    }

    @Test func live_TellsOfCamerasFailuresAndFigures_AndPicturesAreTheFrames() async throws {
        try await Bench().serve { client in
            let raw = try RawClient(port: client.port)
            raw.send("GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            var text = ""
            while !text.contains("figures"), let more = raw.read() { text += more }
            #expect(text.contains("text/event-stream") && text.contains("data: {\"cameras\":[{\"hasPicture\":true,\"event\":{\"schema_version\":1"))
            #expect(text.contains("\"failures\":[{") && text.contains("\"yield\":[{"))
            // It ends by itself, and the browser asks for the next.
            #expect(raw.readToEnd() != nil)
            #expect(try client.get("/api/picture?seq=2").body.hasSuffix("line1/top 2") && client.get("/api/picture?camera=line1%2Ftop").body.hasSuffix("line1/top 3"))
            for (path, code) in [("seq=99", 404), ("seq=99&live=1", 404), ("camera=x", 404), ("", 400), ("seq=x", 400), ("seq=2&longest=9", 400), ("frozen=7", 404)] {
                let answer = try client.get("/api/picture?\(path)")
                #expect(answer.code == code && answer["problem"] != nil, "\(path)")
            }
        }
    }

    @Test func browserThatDoesNotRead_HoldsUpNothing_AndIsCutOff() async throws {
        let bench = try Bench()
        try await bench.serve { client in
            let lazy = try (0..<8).map { _ in try RawClient(port: client.port, receiveBuffer: 2048) }
            for one in lazy { one.send("GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n") }
            bench.rig.feed.send((4...2003).map { frame("line1/top", $0, Script(fate: .fail)) })
            let begun = ContinuousClock.now
            while bench.rig.pipeline.snapshot.verdicts < 2003, ContinuousClock.now - begun < .seconds(60) { usleep(10_000) }
            #expect(bench.rig.pipeline.snapshot.verdicts == 2003)
            #expect(try client.get("/api/session").code == 200)
            for one in lazy { #expect(one.readToEnd() != nil) }
        }
    }

    @Test func regions_AreSavedWithTheirHistory_AndNotOverOthersChanges() async throws {
        let bench = try Bench()
        try await bench.serve { client in
            let before = try client.get("/api/regions"), base = try #require(before["revision"] as? String)
            #expect((before["cameras"] as? [[String: Any]])?.first?["camera"] as? String == "line1/top" && before["obstacle"] == nil)
            let entry = "{\"regions\": [{\"name\": \"seal\", \"shape\": {\"frame\": true}, \"limits\": {\"fail_score\": 0.9}}]}"
            let saved = try client.post("/api/regions/save", "{\"camera\": \"line1/top\", \"base\": \"\(base)\", \"entry\": \(entry)}")
            #expect(saved.code == 200 && saved["keepsText"] as? Bool == true)
            let text = try String(contentsOfFile: bench.regions, encoding: .utf8)
            #expect(text.contains("# looks down") && text.contains("fail_score: 0.9"))
            // An old page does not undo it.
            #expect(try client.post("/api/regions/save", "{\"camera\": \"line1/top\", \"base\": \"\(base)\", \"entry\": \(entry)}").code == 409)
            let now = try #require(saved["revision"] as? String)
            for (body, code, words) in [
                ("{\"camera\": \"line1/top\", \"base\": \"\(now)\", \"entry\": {\"regions\": [{\"name\": \"a\", \"shape\": {\"frame\": true}, \"limits\": {\"fail_score\": 7}}]}}", 400, "fail_score"),
                ("{\"camera\": \"line1/top\", \"base\": \"\(now)\", \"entry\": 5}", 400, "JSON object"), ("{\"camera\": \"line1/top\", \"base\": \"\(now)\"}", 400, "cameras"),
                ("nonsense", 400, "not what this path takes"), ("", 400, "not what this path takes"),
            ] {
                let answer = try client.post("/api/regions/save", body)
                #expect(answer.code == code && answer.body.contains(words), "\(body): \(answer.body)")
            }
            #expect(try String(contentsOfFile: bench.regions, encoding: .utf8) == text)
            #expect(try client.post("/api/regions/restore", "{\"revision\": \"\(base)\"}").code == 200)
            #expect(try String(contentsOfFile: bench.regions, encoding: .utf8) == Bench.regionFile)
            #expect(try client.post("/api/regions/restore", "{\"revision\": \"\(base)\"}").code == 409 && client.post("/api/regions/restore", "{\"revision\": \"x\"}").code == 404)
            let history = try #require(try client.get("/api/regions/history").json as? [[String: Any]])
            #expect(Set(history.compactMap { $0["revision"] as? String }) == [base, now] && history.first { $0["in_force"] as? Bool == true }?["revision"] as? String == base)
            #expect(try client.get("/api/regions/text?revision=\(now)").body == text)
            let audit = try #require(try client.get("/api/audit").json as? [[String: Any]])
            #expect(audit.map { $0["action"] as? String } == ["restore", "regions"] && audit.allSatisfy { $0["who"] as? String == "this machine" })
            #expect((audit[1]["after"] as? String)?.contains("fail_score: 0.9") == true && (audit[1]["before"] as? String)?.contains("fail_score: 0.6") == true)
            #expect(try client.get("/api/audit.csv").body.contains("id,time,who,action,subject,before,after\r\n2,"))
        }
    }

    @Test func fileThatCannotBeWritten_IsSaid() async throws {
        let bench = try Bench()
        try await bench.serve { client in
            let base = try #require(try client.get("/api/regions")["revision"] as? String)
            // Changed on the disk and not taken over yet.
            try Data("version: 1\ncameras: {}\n".utf8).write(to: URL(fileURLWithPath: bench.regions))
            let answer = try client.post("/api/regions/save", "{\"camera\": \"c\", \"base\": \"\(base)\", \"entry\": {\"regions\": [{\"name\": \"a\", \"shape\": {\"frame\": true}}]}}")
            #expect(answer.code == 409 && answer.body.contains("has changed on the disk"))
        }
    }

    /// Whoever looks at the page need not look at the log.
    @Test func fileThatIsNotUsable_IsSaid_UntilItIs() async throws {
        let bench = try Bench(), regions = bench.parts.regionFile
        try await bench.serve { client in
            #expect(try client.get("/api/regions")["problem"] == nil)
            try Data("version: 1\ncameras: {\n".utf8).write(to: URL(fileURLWithPath: bench.regions))
            _ = regions.reload()
            #expect((try client.get("/api/regions")["problem"] as? String)?.contains("is not valid YAML") == true)
            try Data(Bench.regionFile.utf8).write(to: URL(fileURLWithPath: bench.regions))
            _ = regions.reload()
            #expect(try client.get("/api/regions")["problem"] == nil)
        }
    }

    @Test func marks_AreKept_AndFoundAgain_AndLimitsAreTriedOnThem() async throws {
        let bench = try Bench()
        try await bench.serve { client in
            func events(_ query: String) throws -> [Int] { ((try client.get("/api/events?\(query)")["events"] as? [[String: Any]]) ?? []).compactMap { $0["seq"] as? Int } }
            #expect(try events("") == [3, 2, 1] && events("verdict=fail") == [2] && events("limit=1&before=3") == [2] && events("camera=other") == [] && events("to=1") == [])
            #expect(try client.get("/api/events?from=20&to=10").code == 400)
            #expect(try client.get("/api/cameras").json as? [String] == ["line1/top"])
            #expect(try client.post("/api/mark", "{\"seq\": 2, \"truth\": \"defective\", \"note\": \"a scratch\", \"outlines\": [[[0, 0], [3, 0], [0, 3]]]}").code == 200)
            #expect(try client.post("/api/mark", "{\"seq\": 3, \"truth\": \"good\"}").code == 200 && client.post("/api/mark", "{\"seq\": 1, \"truth\": \"defective\"}").code == 200)
            for body in [
                "{\"seq\": 99, \"truth\": \"good\"}", "{\"seq\": 2, \"truth\": \"maybe\"}", "{\"seq\": 2, \"truth\": \"good\", \"outlines\": [[[0, 0], [3, 0], [0, 3]]]}",
                "{\"seq\": 2, \"truth\": \"defective\", \"outlines\": [[[0, 0], [3, 0]]]}", "{\"seq\": -2}", "{\"seq\": 2, \"truth\": \"good\", \"note\": \"\(String(repeating: "x", count: 3000))\"}",
            ] { #expect([400, 404].contains(try client.post("/api/mark", body).code), "\(body)") }
            #expect(try events("marked=defective") == [2, 1] && events("marked=good,defective") == [3, 2, 1])
            let detail = try client.get("/api/event?seq=2")
            #expect(((detail["mark"] as? [String: Any])?["note"] as? String) == "a scratch" && ((detail["event"] as? [String: Any])?["verdict"] as? String) == "fail")
            #expect(try client.post("/api/mark", "{\"seq\": 1}").code == 200 && events("marked=defective") == [2])
            #expect(try client.get("/api/evidence?camera=line1/top&region=nothing").code == 404)
            // The fakes' regions have names of their own.
            #expect((try client.get("/api/evidence?camera=line1/top&region=seal")["frames"] as? [Any])?.isEmpty == true)
            #expect(try client.post("/api/evidence/outcome", "{\"camera\": \"line1/top\", \"region\": \"seal\", \"entry\": {\"regions\": [{\"name\": \"seal\", \"shape\": {\"frame\": true}}]}}").code == 200)
        }
    }

    @Test func withTokens_ChangesNeedALogin() async throws {
        let token = AccessTokens.makeToken()
        try await Bench(tokens: try AccessTokens.text("", adding: "anna", token: token, file: "t")).serve { client in
            #expect(try client.get("/api/session")["needsLogin"] as? Bool == true && client.get("/api/session")["mayChange"] as? Bool == false)
            #expect(try client.post("/api/mark", "{\"seq\": 1, \"truth\": \"good\"}").code == 401 && client.get("/api/events").code == 200)
            #expect(try client.post("/api/login", "{\"token\": \"x\"}").code == 401)
            let answer = try client.post("/api/login", "{\"token\": \"\(token)\"}"), cookie = try #require(answer.head.firstMatch(of: /(?i)set-cookie: ([^;]+); Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict/)?.1)
            #expect(try client.ask("POST", "/api/mark", "{\"seq\": 1, \"truth\": \"good\"}", "X-Flawd-Command: 1\r\nCookie: \(cookie)\r\n").code == 200)
            #expect(try client.ask("POST", "/api/mark", "{\"seq\": 1, \"truth\": \"good\"}", "Cookie: \(cookie)\r\n").code == 403)
            #expect(((try client.get("/api/audit").json as? [[String: Any]])?.first?["who"] as? String) == "anna")
            #expect(try client.ask("POST", "/api/logout", "{}", "X-Flawd-Command: 1\r\nCookie: \(cookie)\r\n").code == 200)
            #expect(try client.ask("POST", "/api/mark", "{\"seq\": 1, \"truth\": \"good\"}", "X-Flawd-Command: 1\r\nCookie: \(cookie)\r\n").code == 401)
        }
    }

    @Test func frozenFrames_StayForAWhile_AndAPreviewNeedsOne() async throws {
        let bench = try Bench(), id = bench.parts.frozen.keep(RecentFramesTests.payload("line1/top"))
        try await bench.serve { client in
            for body in ["{\"camera\": \"nobody\"}", "{}"] {
                let answer = try client.post("/api/freeze", body)
                #expect(answer.code == 404)
            }
            let preview = try client.post("/api/preview", "{\"frozen\": 1, \"entry\": {}}")
            #expect(preview.code == 404)
            // A number is a frame's, and one camera's: after a restart it is nobody's.
            #expect(try client.post("/api/preview", "{\"frozen\": \(id), \"camera\": \"other\", \"entry\": {}}").code == 404)
            #expect(try client.post("/api/preview", "{\"frozen\": \(id), \"camera\": \"line1/top\", \"entry\": {\"regions\": 5}}").code == 400)
        }
    }

    @Test func markedFrames_BecomeADataSet() throws {
        let folder = try TemporaryFolder(), image = RGBImage(width: 20, height: 10), jpeg = try JPEGEncoder().encode(image)
        for index in image.bytes.indices { image.bytes[index] = 128 }
        let frame = IncomingFrame(header: FrameHeader(format: .cameraStream, camera: "c", codec: .jpeg), payload: Payload(copying: jpeg))
        var mask = BinaryMask(width: 20, height: 10)
        mask.pixels[25] = 1
        let defect = Defect(box: .init(x: 5, y: 1, width: 1, height: 1), areaPx: 1, areaMm2: nil, centroid: (5, 1), score: 0.9, segmentation: RunLengthCode(mask))
        let event = RecentFramesTests.event(7, .fail, regions: [RegionResult(name: "a", verdict: .fail, score: 1, agreement: 1, defects: [defect])])
        func mark(_ truth: JournalMark.Truth, _ outlines: [[[Double]]] = []) -> JournalMark { JournalMark(seq: 7, camera: "c", truth: truth, outlines: outlines, who: "a", utcNs: 0) }
        func truth(_ mark: JournalMark, _ name: String) throws -> [UInt8] {
            var export = try DatasetExport(folder: "\(folder.path)/\(name)", limits: ImageLimits())
            try export.add(mark, event, frame)
            let kept = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)/train/7.jpg")))
            #expect(kept == jpeg)
            let png = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)/train/7.png")))
            return try png.withUnsafeBufferPointer { bytes throws(ImagingError) in try PNGFile.decodeGray(UnsafeRawBufferPointer(bytes)).pixels }
        }
        let found = try truth(mark(.defective), "one")
        #expect(found == mask.pixels.map { $0 * 255 })
        var good = try DatasetExport(folder: "\(folder.path)/two", limits: ImageLimits())
        try good.add(mark(.good), event, frame)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/two/train") == ["7.jpg"], "a good part has no mask")
        let drawn = try truth(mark(.defective, [[[2, 2], [8, 2], [8, 6], [2, 6]]]), "three")
        #expect(drawn.count { $0 == 255 } == 24 && drawn[3 * 20 + 3] == 255 && drawn[25] == 0)
        var export = try DatasetExport(folder: "\(folder.path)/four", limits: ImageLimits())
        #expect(throws: PageRefusal.self, "the verdict outlines nothing") { try export.add(mark(.defective), RecentFramesTests.event(8, .pass), frame) }
        #expect(throws: PageRefusal.self) { try DatasetExport(folder: "\(folder.path)/one", limits: ImageLimits()) }
    }

    @Test func table_IsSafeToOpen() {
        let entry = AuditEntry(id: 1, utcNs: 0, who: "=cmd()", action: "regions", subject: "a,\"b\"", before: "x\ny", after: "")
        #expect(AuditTable.csv([entry]) == "id,time,who,action,subject,before,after\r\n1,1970-01-01T00:00:00Z,'=cmd(),regions,\"a,\"\"b\"\"\",\"x\ny\",\r\n")
    }
}
