import GRDB

/// What is wrong with a journal: names the file, what went wrong and what would be right.
public struct JournalError: Error, CustomStringConvertible {
    public enum Kind: Sendable {
        /// No room on the disk.
        case full
        /// Another program holds the file.
        case busy
        /// The disk did not do what it was told. What it says afterwards is not to be trusted either.
        case disk
        /// The file is no journal, or is damaged.
        case content
        /// Anything else.
        case other
    }

    public let kind: Kind
    public let description: String

    init(_ path: String, _ problem: String, kind: Kind = .other) {
        self.kind = kind
        description = "\(path): \(problem)"
    }

    /// - Parameter action: what could not be done, after "cannot".
    init(_ path: String, doing action: String, _ error: any Error) {
        if let error = error as? JournalError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(path, "cannot \(action): \(error)")
            return
        }
        let message = error.message ?? "error \(error.extendedResultCode.rawValue)"
        // Reserving room for the file that readers share fails in its own way on a full disk.
        let isFull = error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
        let (kind, advice): (Kind, String) = switch error.resultCode {
        case _ where isFull: (.full, "; the disk is full: free some of it")
        case .SQLITE_BUSY, .SQLITE_LOCKED: (.busy, "; another program holds it: a journal has one writer")
        case .SQLITE_IOERR: (.disk, "; the disk failed: look at the system's log")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: (.content, "; it is damaged or no journal: move it away, and a new one is begun")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH: (.other, "; its folder must be there, and writable for flawd's user")
        default: (.other, "")
        }
        self.init(path, "cannot \(action): \(message)\(advice)", kind: kind)
    }

    /// Whether another attempt may succeed where this one did not.
    public var isTemporary: Bool { kind == .full || kind == .busy }
}
