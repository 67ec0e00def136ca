import Foundation

/// How flawd meets a broker, and under which topics it publishes.
public struct MQTTSettings: Sendable, Equatable {
    /// Of the protocol.
    public enum Version: String, Sendable, CaseIterable {
        case five = "5"
        /// For brokers that know nothing newer. It has no word for a message that is not taken: what an access list forbids is lost in silence.
        case three = "3.1.1"
    }

    public var broker: MQTTBroker
    public var topics: MQTTTopics
    public var username: String?
    /// Its first line is the password; read at every connection.
    public var passwordFile: String?
    /// Certificates of the authorities that may sign the broker's; nil: those of the system.
    public var caFile: String?
    /// flawd's own certificate and key, for brokers that ask for them.
    public var certificateFile: String?
    public var keyFile: String?
    public var clientID: String
    /// After so long without a word from each other the two look whether the other is there.
    public var keepAliveSeconds = 15
    public var version = Version.five

    public init(broker: MQTTBroker, topics: MQTTTopics) {
        self.broker = broker
        self.topics = topics
        clientID = "flawd-\(topics.line)"
    }

    /// Replaces every path by what `resolve` makes of it.
    public mutating func resolveFiles(_ resolve: (String) -> String) {
        passwordFile = passwordFile.map(resolve)
        caFile = caFile.map(resolve)
        certificateFile = certificateFile.map(resolve)
        keyFile = keyFile.map(resolve)
    }

    /// What is wrong with a file that is named here.
    public struct FileProblem: Sendable, Equatable {
        public var path: String
        public var problem: String
    }

    /// Everything that is wrong with the files; what they contain beyond the password is TLS's business.
    public var fileProblems: [FileProblem] {
        var problems: [FileProblem] = []
        for path in [caFile, certificateFile].compactMap({ $0 }) {
            if let problem = Self.problem(of: path, isSecret: false) { problems.append(FileProblem(path: path, problem: problem)) }
        }
        if let keyFile, let problem = Self.problem(of: keyFile, isSecret: true) { problems.append(FileProblem(path: keyFile, problem: problem)) }
        if let passwordFile {
            do { _ = try Self.password(in: passwordFile) } catch { problems.append(FileProblem(path: passwordFile, problem: error.description)) }
        }
        return problems
    }

    private static let maxPasswordBytes = 1024

    /// - Throws: ``MQTTError`` without the file's name.
    static func password(in path: String) throws(MQTTError) -> String {
        if let problem = problem(of: path, isSecret: true) { throw MQTTError(problem) }
        guard let data = FileManager.default.contents(atPath: path) else { throw MQTTError("cannot be read") }
        guard data.count <= maxPasswordBytes, let text = String(validating: data, as: UTF8.self), !text.contains("\0") else {
            throw MQTTError("is no password: one line of text with at most \(maxPasswordBytes) bytes is expected")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, !first.isEmpty, lines.dropFirst().allSatisfy(\.isEmpty) else {
            throw MQTTError("must have one line, the password")
        }
        return String(first)
    }

    private static func problem(of path: String, isSecret: Bool) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return "cannot be read: \(String(cString: strerror(errno)))" }
        guard status.st_mode & S_IFMT == S_IFREG else { return "is no file" }
        guard access(path, R_OK) == 0 else { return "cannot be read: \(String(cString: strerror(errno)))" }
        // What systemd hands over as a credential it lets flawd's user alone read by an access list, which shows as the group's permission.
        let isCredential = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"].map { path.hasPrefix($0 + "/") } ?? false
        guard isSecret, status.st_mode & (isCredential ? 0o007 : 0o077) != 0 else { return nil }
        return "can be read by others (mode \(String(status.st_mode & 0o777, radix: 8))); `chmod 600` it"
    }
}
