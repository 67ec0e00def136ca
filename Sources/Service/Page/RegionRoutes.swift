import Foundation
import Hummingbird
import Inspection
import Streaming

/// `/api/regions…` and `/api/audit…`: the region file, other regions tried on a frame, and what was changed by whom.
struct RegionRoutes: HTTPRoutes {
    let parts: PageParts

    let commands = ["/api/preview", "/api/regions/restore", "/api/regions/save"]
    let paths = ["/api/audit", "/api/audit.csv", "/api/preview", "/api/regions", "/api/regions/history", "/api/regions/restore", "/api/regions/save", "/api/regions/text"]

    private struct Preview: Decodable {
        /// Of a frozen frame.
        var frozen: UInt64
        /// Whose frame that should be; nil: whose it is.
        var camera: String?
        var entry: JSONValue
    }

    private struct Save: Decodable {
        var camera: String
        /// nil: the camera's entry goes.
        var entry: JSONValue?
        /// The revision that was edited.
        var base: String
    }

    private struct Restore: Decodable { var revision: String }

    func add(to router: Router<BasicRequestContext>) {
        let gate = parts.gate, desk = parts.regions, queue = parts.queue
        router.read("api/regions", gate) { _ in .json(desk.regions()) }
        router.read("api/regions/history", gate) { _ in .json(try await queue.run { try desk.history() }) }
        router.read("api/regions/text", gate) { request in
            let revision = try request.required("revision")
            return .bytes(try await queue.run { try desk.text(of: revision) }, type: "text/plain; charset=utf-8")
        }
        router.read("api/audit", gate) { request in
            let before: Int64 = try request.number("before") ?? .max
            return .json(try await queue.run { try desk.audit(before: before, limit: 100) })
        }
        router.read("api/audit.csv", gate) { _ in
            let page: @Sendable (Int64) async throws -> [AuditEntry] = { before in try await queue.run { try desk.audit(before: before, limit: 100) } }
            let first = try await page(.max)
            // Piece by piece: an entry may have two files.
            return Response(status: .ok, headers: [.contentType: "text/csv; charset=utf-8", .cacheControl: "no-store"], body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: AuditTable.csv(first)))
                var count = first.count, last = first.last
                while let id = last?.id, count < 10_000 {
                    let entries = try await page(id)
                    try await writer.write(ByteBuffer(string: AuditTable.rows(entries)))
                    count += entries.count
                    last = entries.last
                }
                try await writer.finish(nil)
            })
        }
        router.write("api/preview", gate, taking: Preview.self) { [frozen = parts.frozen, previews = parts.previews] wanted, _ in
            guard let frame = frozen.frame(wanted.frozen), wanted.camera.map({ $0 == frame.header.camera }) ?? true else { throw PageRefusal(.notFound, "this frame is not kept any more; freeze another one") }
            let entry = try Self.bytes(wanted.entry)
            return .json(try await previews.run { try desk.trial(of: frame, entry: entry) })
        }
        router.write("api/regions/save", gate, taking: Save.self) { wanted, who in
            let entry = try wanted.entry.map(Self.bytes)
            return .json(try await queue.run { try desk.save(camera: wanted.camera, entry: entry, base: wanted.base, who: who) })
        }
        router.write("api/regions/restore", gate, taking: Restore.self) { wanted, who in
            .json(try await queue.run { try desk.restore(revision: wanted.revision, who: who) })
        }
    }

    static func bytes(_ entry: JSONValue) throws -> [UInt8] {
        guard case .object(var keys) = entry else { throw PageRefusal(.badRequest, "an entry is a JSON object with the keys of a camera's entry") }
        keys["camera"] = nil
        return [UInt8](try JSONEncoder().encode(JSONValue.object(keys)))
    }
}
