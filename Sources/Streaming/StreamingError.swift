import CZeroMQ

/// Errors of the socket layer and of decoding what came through it.
public struct StreamingError: Error, CustomStringConvertible, Sendable {
    /// What libzmq (or the system below it) answered.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        public static let shutDown = Code(rawValue: ETERM)
        public static let interrupted = Code(rawValue: EINTR)
        public static let wouldBlock = Code(rawValue: EAGAIN)
        public static let addressInUse = Code(rawValue: EADDRINUSE)
        public static let addressNotAvailable = Code(rawValue: EADDRNOTAVAIL)
        public static let invalid = Code(rawValue: EINVAL)
        public static let noSuchDevice = Code(rawValue: ENODEV)
        public static let permissionDenied = Code(rawValue: EACCES)
        public static let unreachable = Code(rawValue: EHOSTUNREACH)
        public static let nameTooLong = Code(rawValue: ENAMETOOLONG)
        public static let protocolNotSupported = Code(rawValue: EPROTONOSUPPORT)
    }

    /// nil where the fault is not a socket's: a payload that cannot be decoded.
    public let code: Code?
    public var description: String

    init(code: Code? = nil, _ description: String) {
        self.code = code
        self.description = description
    }

    /// The context was shut down: the receiver's normal end.
    public var isShutDown: Bool { code == .shutDown }

    /// The error of the libzmq call that has just failed on this thread.
    static func lastCall(_ action: @autoclosure () -> String) -> StreamingError {
        let number = zmq_errno()
        let code = Code(rawValue: number)
        return StreamingError(code: code, "cannot \(action()): \(String(cString: zmq_strerror(number)))\(code.advice)")
    }
}

extension StreamingError.Code {
    /// What would be right, for the mistakes that people make in a configuration.
    fileprivate var advice: String {
        switch self {
        case .addressInUse: " (another process, or another socket of this one, is bound there)"
        case .invalid: " (an address is tcp://host:port or ipc://path)"
        case .noSuchDevice, .addressNotAvailable: " (bind takes an address of this machine, an interface's name, or *)"
        case .nameTooLong: " (an ipc path has at most 107 bytes)"
        case .protocolNotSupported: " (use tcp:// or ipc://)"
        case .permissionDenied: " (the directory of an ipc path must be writable, ports below 1024 need a privilege)"
        default: ""
        }
    }
}
