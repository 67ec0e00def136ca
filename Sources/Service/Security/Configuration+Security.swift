import Foundation
import Inspection
import Streaming

extension Configuration {
    /// This daemon's key, and the keys that may connect.
    public struct Security: Sendable, Equatable {
        public enum Key: Sendable, Equatable {
            /// A file of `flawd keygen`.
            case file(String)
            /// A name of systemd's `LoadCredential=`.
            case credential(String)
        }

        public var key: Key
        /// Path of the list that `flawd keys` keeps.
        public var allowedKeys: String?

        public init(key: Key, allowedKeys: String? = nil) {
            self.key = key
            self.allowedKeys = allowedKeys
        }

        /// Where the key is.
        ///
        /// - Throws: `FileError` when there are no credentials.
        public func keyPath() throws(FileError) -> String {
            switch key {
            case .file(let path): return path
            case .credential(let name):
                guard let folder = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] else {
                    throw FileError([.init(
                        file: name, key: "security.credential",
                        problem: "there are no credentials: systemd gives them to a service whose unit says LoadCredential=\(name):/etc/flawd/flawd.key")])
                }
                return "\(folder)/\(name)"
            }
        }
    }

    /// What keeps the endpoints from being used, in the words of the configuration file: address, problem.
    public var securityProblems: [(endpoint: Endpoint, problem: String)] {
        let sections = [(subscribe.endpoints, subscribe.security), (publish.endpoints + publish.catchUp, publish.security)]
        return sections.flatMap { endpoints, section in
            endpoints.compactMap { endpoint in
                section.problem(of: endpoint, hasKey: security != nil, hasList: security?.allowedKeys != nil)
                    .map { (endpoint, $0.inConfiguration(endpoint.address)) }
            }
        }
    }
}

extension SectionSecurity.Problem {
    /// What is wrong and what would be right.
    func inConfiguration(_ address: String) -> String {
        let address = address.shownInMessage
        return switch self {
        case .noOwnKey: "\(address) has a server_key, but flawd has no key of its own: security.secret_key names it (flawd keygen makes one)"
        case .noServerKey:
            "\(address) is another machine, and nothing proves who answers there: give its key, {address: \(address), server_key: '…'}, or say insecure: true in this section"
        case .open:
            "whoever reaches this machine can connect to \(address): give security.secret_key and security.allowed_keys, or say insecure: true in this section"
        case .noList: "\(address) asks for keys, but security.allowed_keys names no file with those that are allowed (flawd keys add makes one)"
        }
    }
}
