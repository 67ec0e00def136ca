import Hummingbird
import Inspection
import ServiceLifecycle
import Streaming

/// `/api/live`, a stream of server-sent events, and `/api/picture`, the frames that it tells of.
struct LiveRoutes: HTTPRoutes {
    let parts: PageParts

    let commands = ["/api/freeze"]
    let paths = ["/api/freeze", "/api/live", "/api/picture"]

    private struct Freeze: Decodable {
        /// The newest frame of a camera, or
        var camera: String?
        /// the frame of a verdict.
        var seq: UInt64?
    }

    private struct Frozen: Encodable {
        var id: UInt64
        var camera: String
        var width: Int
        var height: Int
    }

    func add(to router: Router<BasicRequestContext>) {
        router.read("api/live", parts.gate) { [parts] request in
            let feed = LiveFeed(recent: parts.recent, monitor: parts.monitor, regions: parts.regionFile, wantsDraft: request.parameter("draft") == "1")
            return Response(
                status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
                body: ResponseBody { writer in
                    var feed = feed
                    let end = ContinuousClock.now + LiveFeed.length
                    try await writer.write(ByteBuffer(string: "retry: 100\n\n"))
                    // A write waits until the browser has read.
                    while ContinuousClock.now < end, !Task.isShuttingDownGracefully {
                        if let piece = feed.next() { try await writer.write(ByteBuffer(bytes: Array("data: ".utf8) + piece + Array("\n\n".utf8))) }
                        try await Task.sleep(for: LiveFeed.interval)
                    }
                    try await writer.finish(nil)
                })
        }
        router.read("api/picture", parts.gate) { [parts] request in
            let longest: Int? = try request.number("longest")
            guard longest.map({ (16...8192).contains($0) }) ?? true else { throw PageRefusal(.badRequest, "longest is from 16 to 8192 pixels") }
            let frame: IncomingFrame
            if let id: UInt64 = try request.number("frozen") {
                guard let kept = parts.frozen.frame(id) else { throw PageRefusal(.notFound, "this frame is not kept any more; freeze another one") }
                frame = kept
            } else if let seq: UInt64 = try request.number("seq") {
                // What is in memory does not wait for the disk.
                if let shown = parts.recent.frame(seq: seq)?.frame {
                    frame = shown
                } else if request.parameter("live") == "1" {
                    throw PageRefusal(.notFound, "there are newer frames")
                } else {
                    frame = try await parts.queue.run { try parts.review.frame(seq: seq) }
                }
            } else {
                guard let shown = parts.recent.latest(of: try request.required("camera"))?.frame else { throw PageRefusal(.notFound, "no frame of this camera is here yet") }
                frame = shown
            }
            return .bytes(try await parts.pictures.jpeg(of: frame, longest: longest), type: "image/jpeg")
        }
        router.ask("api/freeze", parts.gate, taking: Freeze.self) { [parts] wanted in
            let frame: IncomingFrame
            if let seq = wanted.seq {
                frame = try await parts.queue.run { try parts.review.frame(seq: seq) }
            } else {
                guard let camera = wanted.camera, let shown = parts.recent.latest(of: camera)?.frame else { throw PageRefusal(.notFound, "no frame of this camera is here yet") }
                frame = shown
            }
            let size = try await parts.pictures.size(of: frame)
            return .json(Frozen(id: parts.frozen.keep(frame), camera: frame.header.camera, width: size.width, height: size.height))
        }
    }
}
