import Hummingbird
import Inspection
import Streaming

/// `/api/events`, `/api/event`, `/api/mark`, `/api/export`, `/api/evidence…`: verdicts that were given, and what people say of them.
struct ReviewRoutes: HTTPRoutes {
    let parts: PageParts

    let commands = ["/api/evidence/outcome", "/api/mark"]
    let paths = ["/api/cameras", "/api/event", "/api/events", "/api/evidence", "/api/evidence/outcome", "/api/export", "/api/mark"]

    private struct Export: Decodable { var name: String }

    private struct Outcome: Decodable {
        var camera: String
        var region: String
        var entry: JSONValue
    }

    func add(to router: Router<BasicRequestContext>) {
        let gate = parts.gate, desk = parts.review, evidence = parts.evidence, queue = parts.queue
        router.read("api/events", gate) { request in
            let query = try Self.query(request)
            return .json(try await queue.run { try desk.events(query) })
        }
        router.read("api/cameras", gate) { _ in .json(try await queue.run { try desk.cameras() }) }
        router.read("api/event", gate) { request in
            guard let seq: UInt64 = try request.number("seq") else { throw PageRefusal(.badRequest, "seq is missing") }
            return .json(try await queue.run { try desk.detail(seq) })
        }
        router.write("api/mark", gate, taking: ReviewDesk.Marking.self) { marking, who in .json(try await queue.run { try desk.mark(marking, who: who) }) }
        router.write("api/export", gate, taking: Export.self) { wanted, who in .json(try desk.beginExport(name: wanted.name, who: who)) }
        router.read("api/export", gate) { _ in .json(desk.exported) }
        router.read("api/evidence", gate) { request in
            let (camera, region) = (try request.required("camera"), try request.required("region"))
            return .json(try await queue.run { try evidence.evidence(camera: camera, region: region) })
        }
        // Changes nothing; what it asks about is too long for an address.
        router.ask("api/evidence/outcome", gate, taking: Outcome.self) { wanted in
            let entry = try RegionRoutes.bytes(wanted.entry)
            return .json(try await queue.run { try evidence.outcome(camera: wanted.camera, region: wanted.region, entry: entry) })
        }
    }

    private static func query(_ request: Request) throws -> JournalReader.Query {
        var query = JournalReader.Query()
        query.limit = min(max(try request.number("limit") ?? 50, 1), 200)
        query.before = try request.number("before")
        if let camera = request.parameter("camera"), !camera.isEmpty { query.exactCamera = camera }
        if let region = request.parameter("region"), !region.isEmpty { query.failingRegion = region }
        for word in request.parameter("verdict")?.split(separator: ",") ?? [] {
            guard Verdict(rawValue: String(word)) != nil else { throw PageRefusal(.badRequest, "verdict is one of \(Verdict.allCases.map(\.rawValue).joined(separator: ", "))") }
            query.verdicts.insert(String(word))
        }
        for word in request.parameter("marked")?.split(separator: ",") ?? [] {
            guard let truth = JournalMark.Truth(rawValue: String(word)) else { throw PageRefusal(.badRequest, "marked is good or defective, or both") }
            query.marked = (query.marked ?? []).union([truth])
        }
        // s since 1970.
        func moment(_ name: String) throws -> Int64? {
            guard let seconds: Double = try request.number(name) else { return nil }
            guard (0...9e9).contains(seconds) else { throw PageRefusal(.badRequest, "\(name) is a time in seconds since 1970") }
            return Int64(seconds * 1e9)
        }
        if let from = try moment("from") { query.publishedUTCNs = from...query.publishedUTCNs.upperBound }
        if let to = try moment("to") {
            guard to >= query.publishedUTCNs.lowerBound else { throw PageRefusal(.badRequest, "the time to which events are wanted is before the one from which they are") }
            query.publishedUTCNs = query.publishedUTCNs.lowerBound...to
        }
        return query
    }
}
