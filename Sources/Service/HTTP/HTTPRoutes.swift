import Hummingbird

/// Something that the HTTP server answers with: `/metrics` and its like, or a page. A part brings its own paths.
public protocol HTTPRoutes: Sendable {
    /// Every path it answers, for whoever asks for another one.
    var paths: [String] { get }
    /// Those of them that are posted to.
    var commands: [String] { get }
    func add(to router: Router<BasicRequestContext>)
}

extension HTTPRoutes {
    public var commands: [String] { [] }
}

extension Response {
    /// An answer that is not to be kept.
    static func text(_ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8") -> Response {
        bytes(Array(text.utf8), status: status, type: type)
    }

    static func bytes(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, type: String) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
