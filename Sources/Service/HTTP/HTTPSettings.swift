/// The HTTP server, as far as the configuration tells it.
public struct HTTPSettings: Sendable, Equatable {
    public var address: HTTPAddress
    /// Path of the list of tokens (`flawd tokens`); nil: nobody logs in, and changes are taken from this machine alone.
    public var tokens: String?
    /// Names by which a proxy in front of flawd is called; addresses need no naming.
    public var hosts: [String] = []
    /// Whether there is a page to look at.
    public var servesPage = true
    /// Where data sets of marked frames are written; nil: `exports` beside the journal.
    public var exports: String?
    /// Connections at once; further ones wait in the system's queue.
    public var maxConnections = 64
    /// Bytes of a request's line and headers.
    public var maxHeaderBytes = 16 << 10
    /// A region file has 1 MiB at most.
    public var maxBodyBytes = 1 << 20
    /// From a request's first part until its answer was sent, and without a request.
    public var timeoutSeconds = 10

    public init(address: HTTPAddress) { self.address = address }

    /// - Parameter insecure: an address that other machines reach is allowed.
    /// - Throws: what is wrong with the address and what would be right.
    public init(bind text: String, insecure: Bool) throws(Problem) {
        guard let address = HTTPAddress(text) else {
            throw Problem(description: "\"\(text.prefix(128))\" is no address such as 127.0.0.1:9640, [::1]:9640 or localhost:9640")
        }
        guard address.isLoopback || insecure else {
            throw Problem(
                description: "\(address) is open to other machines, and HTTP here is not encrypted: give a loopback address and put a proxy in front, or say `insecure: true`")
        }
        self.init(address: address)
    }

    public struct Problem: Error, CustomStringConvertible {
        public var description: String
    }
}

/// The HTTP server cannot listen.
public struct HTTPServiceError: Error, CustomStringConvertible {
    public let description: String

    init(_ address: HTTPAddress, _ problem: String) {
        description = "http.bind: cannot listen on \(address): \(problem)"
    }
}
