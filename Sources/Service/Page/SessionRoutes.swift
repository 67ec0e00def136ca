import Hummingbird

/// `/api/login`, `/api/logout` and `/api/session`: who is looking.
struct SessionRoutes: HTTPRoutes {
    let parts: PageParts

    let commands = ["/api/login", "/api/logout"]
    let paths = ["/api/login", "/api/logout", "/api/session"]

    private struct LogIn: Decodable { var token: String }

    private struct Session: Encodable {
        /// nil: nobody is logged in.
        var who: String?
        /// Changes need a login.
        var needsLogin: Bool
        /// Changes are taken at all.
        var mayChange: Bool
        var keepsVerdicts: Bool
        var recordsFrames: Bool
    }

    func add(to router: Router<BasicRequestContext>) {
        let gate = parts.gate
        router.get("api/session") { [parts] request, _ in
            do { try gate.admitHost(request) } catch { return PageRefusal(error).response }
            let who = gate.name(of: request)
            return .json(Session(
                who: who, needsLogin: gate.tokens != nil, mayChange: gate.mayChange(request),
                keepsVerdicts: parts.review.keepsVerdicts, recordsFrames: parts.review.recordsFrames))
        }
        router.post("api/login") { request, _ in
            do {
                try gate.admitHost(request)
                try gate.expectCommand(request)
                let (key, name) = try gate.logIn(try await request.decoded(LogIn.self).token)
                var response = Response.json(["who": name])
                response.headers[.setCookie] = Self.cookie(key, seconds: PageSessions.lifetimeSeconds, for: request)
                return response
            } catch { return PageRefusal(error).response }
        }
        router.post("api/logout") { request, _ in
            if request.header(PageGuard.commandHeader) != nil, let key = gate.sessionKey(of: request) { gate.sessions.end(key) }
            var response = Response.json(["who": String?.none])
            response.headers[.setCookie] = Self.cookie("", seconds: 0, for: request)
            return response
        }
    }

    /// `Secure` where a proxy says that it speaks TLS; on loopback there is none. A script cannot read it, and no other site's page can send it.
    private static func cookie(_ key: String, seconds: Int, for request: Request) -> String {
        let isSecure = request.header("X-Forwarded-Proto")?.lowercased() == "https"
        return "\(PageGuard.cookie)=\(key); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
    }
}
