import ArgumentParser
import Service
import Streaming

/// `--secret-key`, `--server-key`, `--allowed-keys` and `--insecure`: how a command's sockets meet their peers.
///
/// The rule is the configuration's: what can be reached from another machine, or reaches one, has CURVE keys or is said to be insecure.
struct SecurityOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Our own CURVE key, a file of flawd keygen that nobody else can read.", valueName: "file"))
    var secretKey: String?

    @Option(help: ArgumentHelp(
        "Public key of who must answer where we connect (in single quotes, or a file that has it; ADDRESS=KEY for one address alone); may be given several times.",
        valueName: "key"))
    var serverKey: [ServerKeyArgument] = []

    @Option(help: ArgumentHelp("Where we bind with a key: the list of those that may connect (flawd keys).", valueName: "file"))
    var allowedKeys: String?

    @Flag(help: "Meet other machines without keys: anybody there can connect, or answer.")
    var insecure = false

    /// - Parameter endpoints: all of a command.
    /// - Throws: `ValidationError` for a server's key that is for none of them.
    func checkServerKeys(for endpoints: [Endpoint]) throws {
        let addresses = endpoints.filter { $0.role == .connect }.map(\.address)
        for argument in serverKey where argument.address.map({ !addresses.contains($0) }) ?? addresses.isEmpty {
            throw ValidationError("--server-key is for \(argument.address ?? "an address"), which no option connects to.")
        }
    }

    /// The keys of the servers that are connected to, and whether peers without keys are wanted.
    func section(for endpoints: [Endpoint]) throws -> SectionSecurity {
        var section = SectionSecurity()
        section.isInsecure = insecure
        for endpoint in endpoints where endpoint.role == .connect {
            let own = serverKey.last { $0.address == endpoint.address } ?? serverKey.last { $0.address == nil }
            if let own { section.serverKeys[endpoint.address] = try own.key() }
        }
        return section
    }

    /// The endpoints with their security.
    ///
    /// - Throws: `ValidationError` naming the option that is missing, or `CurveError` naming the file.
    func secured(_ endpoints: [Endpoint], for use: PeerUse) throws -> [Endpoint] {
        if secretKey == nil, allowedKeys != nil { throw ValidationError("--allowed-keys needs --secret-key FILE (flawd keygen makes one).") }
        let section = try section(for: endpoints)
        for endpoint in endpoints {
            if let problem = section.problem(of: endpoint, hasKey: secretKey != nil, hasList: allowedKeys != nil) {
                throw ValidationError(problem.onCommandLine(endpoint.address))
            }
        }
        let pair = try secretKey.map { path throws(CurveError) in try CurveKeyFile.read(path: path) }
        return endpoints.map { section.secured($0, with: pair, for: use) }
    }

    /// Where the sockets live.
    ///
    /// - Throws: `CurveError` for a list that is not usable.
    func context() throws -> MessagingContext {
        guard let allowedKeys else { return try MessagingContext() }
        let list = try AllowedKeys(path: allowedKeys)
        return try MessagingContext(authority: KeyAuthority(keys: { list }, report: { denial in
            Terminal.printError("refused: \(Terminal.clean(denial.address)), key \(denial.key?.text ?? "none")")
        }))
    }
}

extension SectionSecurity.Problem {
    /// What is wrong and what would be right, in a command's words.
    func onCommandLine(_ address: String) -> String {
        switch self {
        case .noOwnKey: "--server-key needs --secret-key FILE (flawd keygen makes one)."
        case .noServerKey: "\(address) is another machine, and nothing proves who answers there: give --server-key KEY and --secret-key FILE, or --insecure."
        case .open: "Whoever reaches this machine can connect to \(address): give --secret-key FILE and --allowed-keys FILE, or --insecure."
        case .noList: "With --secret-key, \(address) asks for keys: --allowed-keys FILE names those that are allowed (flawd keys add makes one); --insecure does without."
        }
    }
}
