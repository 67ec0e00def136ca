import Foundation
import Hummingbird
import Inspection
import Logging
import Streaming

/// Decides who is answered over HTTP.
///
/// Reading: from this machine everybody; from others, and through a proxy, those who show a token, where there are any. Writing: with a token where
/// there are any, even from this machine; without, from this machine alone. A page of another site is kept out by the `Host` that its requests name (it may have
/// made its own name mean this machine), by a header that it cannot send without being asked about it first, which is never answered, and by `Origin`.
struct PageGuard: Sendable {
    static let commandHeader = "X-Flawd-Command"
    static let cookie = "flawd_session"

    let address: HTTPAddress
    /// nil: nobody has one.
    let tokens: ReloadableFile<AccessTokens>?
    /// Names by which a proxy in front of flawd is called.
    let hosts: [String]
    let sessions: PageSessions
    /// The list of tokens cannot be used as it is now: nobody's counts.
    private let isBroken = Monitor(false)
    private let logger: Logger

    init(_ settings: HTTPSettings, sessions: PageSessions = PageSessions(), logger: Logger) throws(CurveError) {
        self.logger = logger
        address = settings.address
        hosts = settings.hosts
        self.sessions = sessions
        do { tokens = try settings.tokens.map { try ReloadableFile(path: $0) { try AccessTokens(path: $0) } } } catch {
            throw error as? CurveError ?? CurveError(file: settings.tokens ?? "", "\(error)")
        }
    }

    /// - Throws: unless the request may be answered.
    func admitReading(_ request: Request) throws(PageRefusal) {
        try admitHost(request)
        if !isLocal(request), tokens != nil, name(of: request) == nil {
            throw PageRefusal(.unauthorized, "log in first: other machines reach this address")
        }
    }

    /// - Returns: who it is, for the record.
    /// - Throws: unless the request may change something.
    func admitWriting(_ request: Request) throws(PageRefusal) -> String {
        try admitHost(request)
        try expectCommand(request)
        if let origin = request.header("Origin"), !isOwn(origin, host: request.head.authority) {
            throw PageRefusal(.forbidden, "a page of \(origin.shownInMessage) does not command flawd")
        }
        guard tokens != nil else {
            guard isLocal(request) else {
                throw PageRefusal(.forbidden, "without tokens commands are taken from this machine alone, and others reach this address: flawd tokens add, and http.tokens names the file")
            }
            return "this machine"
        }
        guard let name = name(of: request) else { throw PageRefusal(.unauthorized, "log in first, or send the header Authorization: Bearer TOKEN") }
        return name
    }

    /// Whether a page that flawd has given out is of this origin: of the host that the request names, or of a name by which a proxy is called,
    /// which may give flawd another `Host` than it got.
    private func isOwn(_ origin: String, host: String?) -> Bool {
        let scheme = ["https://", "http://"].first { origin.hasPrefix($0) }
        guard let scheme else { return false }
        let authority = String(origin.dropFirst(scheme.count))
        return host == nil || authority == host || hosts.contains(Self.name(authority))
    }

    /// An authority without its port.
    private static func name(_ authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return authority }
        return String(authority[..<colon])
    }

    /// What is posted has a header that a page of another site cannot send.
    func expectCommand(_ request: Request) throws(PageRefusal) {
        guard request.header(Self.commandHeader) != nil else { throw PageRefusal(.forbidden, "a command needs the header \(Self.commandHeader): 1") }
    }

    /// Whose token or session a request shows.
    func name(of request: Request) -> String? {
        guard let tokens = current else { return nil }
        if let value = request.header("Authorization"), value.hasPrefix("Bearer ") {
            return tokens.entry(of: String(value.dropFirst("Bearer ".count)))?.name
        }
        guard let session = sessionKey(of: request).flatMap(sessions.session) else { return nil }
        // Whoever was revoked is out at once, and stays out with another token of the same name.
        return tokens.entries.contains { $0.name == session.holder.name && $0.hash == session.holder.hash } ? session.holder.name : nil
    }

    func sessionKey(of request: Request) -> String? {
        request.headers[.cookie]?.split(separator: ";").lazy.map { $0.trimmingCharacters(in: .whitespaces) }
            .first { $0.hasPrefix("\(Self.cookie)=") }.map { String($0.dropFirst(Self.cookie.count + 1)) }
    }

    /// - Returns: the session's key and whose it is.
    func logIn(_ token: String) throws(PageRefusal) -> (key: String, name: String) {
        guard let tokens = current else { throw PageRefusal(.badRequest, "nobody needs to log in: the configuration has no http.tokens") }
        guard let entry = tokens.entry(of: token) else {
            // A right one is let in all the same: nobody locks others out.
            guard !sessions.isBarred else { throw PageRefusal(.tooManyRequests, "too many wrong tokens; try again in a minute") }
            sessions.noteFailure()
            throw PageRefusal(.unauthorized, "this token is not known")
        }
        return (sessions.begin(entry), entry.name)
    }

    /// As the file is now. Of one that is gone, or not usable, nobody's token counts: somebody may just have been taken out of it.
    private var current: AccessTokens? {
        guard let tokens else { return nil }
        switch tokens.reloadIfChanged(waitsToSettle: false) {
        case .refused(let error)?:
            isBroken.update { $0 = true }
            logger.error("\(error); nobody can log in until it is mended")
        case .replaced?: isBroken.update { $0 = false }
        case nil: break
        }
        return isBroken.read({ $0 }) || !FileManager.default.fileExists(atPath: tokens.path) ? AccessTokens.none : tokens.current
    }

    /// From this machine, and not for another one by way of a proxy.
    private func isLocal(_ request: Request) -> Bool {
        address.isLoopback && hosts.isEmpty && !["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"].contains { request.header($0) != nil }
    }

    /// Whether somebody who asks so may change things.
    func mayChange(_ request: Request) -> Bool { tokens == nil ? isLocal(request) : name(of: request) != nil }

    func admitHost(_ request: Request) throws(PageRefusal) {
        guard let authority = request.head.authority else { return }
        let host = Self.name(authority), isAddress = HTTPAddress("\(host):1") != nil
        guard isAddress || hosts.contains(host) else {
            throw PageRefusal(.misdirectedRequest, "flawd is not called \(host.shownInMessage); use its address, or name it in the configuration's http.hosts")
        }
    }
}

extension Request {
    func header(_ name: String) -> String? {
        headers.first { $0.name.canonicalName == name.lowercased() }?.value
    }
}
