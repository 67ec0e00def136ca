import Hummingbird
import Inspection
import SegmentAnything

/// The page itself: files that are part of the program. Nothing in it comes from another place, so it works without a network.
struct PageRoutes: HTTPRoutes {
    private struct File {
        let bytes: [UInt8]
        let type: String
        let tag: String

        init(_ bytes: [UInt8], _ type: String) {
            self.bytes = bytes
            self.type = type
            tag = "\"\(bytes.withUnsafeBytes { ContentHash.sha256($0) }.prefix(16))\""
        }
    }

    private static let script = "text/javascript; charset=utf-8"

    private static let files: [String: File] = [
        "/": File(PackageResources.index_html, "text/html; charset=utf-8"),
        "/page/style.css": File(PackageResources.style_css, "text/css; charset=utf-8"),
        "/page/app.js": File(PackageResources.app_js, script),
        "/page/server.js": File(PackageResources.server_js, script),
        "/page/dom.js": File(PackageResources.dom_js, script),
        "/page/masks.js": File(PackageResources.masks_js, script),
        "/page/live.js": File(PackageResources.live_js, script),
        "/page/drawing.js": File(PackageResources.drawing_js, script),
        "/page/regions.js": File(PackageResources.regions_js, script),
        "/page/limits.js": File(PackageResources.limits_js, script),
        "/page/review.js": File(PackageResources.review_js, script),
        "/page/audit.js": File(PackageResources.audit_js, script),
    ]

    /// Nothing but what is served here runs, is shown, or is asked; and no other page shows this one.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    let gate: PageGuard
    var paths: [String] { Self.files.keys.sorted() }

    func add(to router: Router<BasicRequestContext>) {
        for (path, file) in Self.files {
            router.get(RouterPath(path)) { [gate] request, _ in
                do { try gate.admitHost(request) } catch { return PageRefusal(error).response }
                // Looked for each time, and sent only when flawd was replaced.
                guard request.header("If-None-Match") != file.tag else { return Response(status: .notModified, headers: [.eTag: file.tag]) }
                var response = Response.bytes(file.bytes, type: file.type)
                response.headers[.cacheControl] = "no-cache"
                response.headers[.eTag] = file.tag
                response.headers[.contentSecurityPolicy] = Self.policy
                return response
            }
        }
    }
}
