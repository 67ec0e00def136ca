import Inspection
import Logging
import Streaming

/// A configuration's keys, loaded: who we are and who is let in.
struct ConnectionSecurity: Sendable {
    /// nil: no socket asks for keys.
    let authority: KeyAuthority?
    let allowed: ReloadableFile<AllowedKeys>?
    private let pair: CurveKeyPair?
    private let denials: DenialReporter

    /// - Throws: `FileError` or `CurveError` for files that cannot be used, or endpoints that may not be.
    init(_ configuration: Configuration, status: StatusInbox, logger: Logger) throws {
        if let (endpoint, problem) = configuration.securityProblems.first {
            throw FileError([.init(file: configuration.file ?? endpoint.description, problem: problem)])
        }
        let denials = DenialReporter(logger: logger, tell: status.say)
        self.denials = denials
        guard let security = configuration.security else {
            (authority, allowed, pair) = (nil, nil, nil)
            return
        }
        pair = try CurveKeyFile.read(path: try security.keyPath())
        let allowed = try security.allowedKeys.map { path in try ReloadableFile(path: path) { try AllowedKeys(path: $0) } }
        authority = KeyAuthority(keys: { allowed?.current ?? .none }, report: { denials.report($0) })
        self.allowed = allowed
    }

    /// - Throws: `FileError` for what the keys in force do not allow: those of a configuration that was read again wait for a restart.
    func endpoints(of section: Configuration.Subscription) throws(FileError) -> [Endpoint] {
        try secured(section.endpoints, section.security, for: .publish)
    }

    /// - Throws: `FileError`, as above.
    func endpoints(of section: Configuration.Publication) throws(FileError) -> [Endpoint] {
        try secured(section.endpoints, section.security, for: .subscribe)
    }

    /// - Throws: `FileError`, as above.
    func catchUp(of section: Configuration.Publication) throws(FileError) -> [Endpoint] {
        try secured(section.catchUp, section.security, for: .subscribe)
    }

    private func secured(_ endpoints: [Endpoint], _ section: SectionSecurity, for use: PeerUse) throws(FileError) -> [Endpoint] {
        for endpoint in endpoints {
            if let problem = section.problem(of: endpoint, hasKey: pair != nil, hasList: allowed != nil) {
                throw FileError([.init(file: "security in force", problem: problem.inConfiguration(endpoint.address))])
            }
        }
        return endpoints.map { section.secured($0, with: pair, for: use) }
    }

    /// Says that a server does not let us in.
    func reportRefusal(by address: String) {
        denials.report(about: address, "\(address) refuses flawd's key \(pair?.publicKey.text ?? ""); it is asked again every other second")
    }

    /// A line for whoever starts flawd.
    var explanation: String? {
        pair.map { "public key \($0.publicKey); \(allowed?.current.entries.count ?? 0) keys are allowed" }
    }
}

extension Configuration.Security {
    /// A line about the files; nil where they are not usable.
    public var explanation: String? {
        guard let path = try? keyPath(), let pair = try? CurveKeyFile.read(path: path) else { return nil }
        let keys = allowedKeys.flatMap { try? AllowedKeys(path: $0) }
        return "public key \(pair.publicKey); \(keys?.entries.count ?? 0) keys are allowed"
    }

    /// What is wrong with the files, for `flawd check`.
    public var findings: [FileError.Finding] {
        var findings: [FileError.Finding] = []
        func note(_ error: CurveError) { findings.append(.init(file: error.file ?? "", line: error.line, problem: error.problem)) }
        do throws(FileError) {
            let path = try keyPath()
            do throws(CurveError) { _ = try CurveKeyFile.read(path: path) } catch { note(error) }
        } catch {
            findings += error.findings
        }
        if let allowedKeys { do throws(CurveError) { _ = try AllowedKeys(path: allowedKeys) } catch { note(error) } }
        return findings
    }
}
