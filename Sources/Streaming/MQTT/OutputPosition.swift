import Foundation

/// How far an output that reads the journal has got: up to here everything was taken.
public struct OutputPosition: Sendable, Equatable {
    /// Of the journal; nil: of whichever there will be.
    public var epoch: String?
    public var seq: UInt64
}

/// The file that keeps an output's position, beside the journal. It is replaced whole, so that it is never half written.
struct PositionFile {
    enum Content: Equatable {
        case absent
        /// What is wrong with it.
        case damaged(String)
        case position(OutputPosition)
    }

    let path: String

    /// - Parameter journal: path.
    init(journal: String) { path = journal + ".mqtt" }

    private static let maxBytes = 4096

    /// - Throws: ``JournalError`` when it is there and cannot be read.
    func read() throws(JournalError) -> Content {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return .absent }
            throw failure("read")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let data: Data
        do { data = try handle.read(upToCount: Self.maxBytes + 1) ?? Data() } catch { throw JournalError(path, "cannot be read: \(error)") }
        guard data.count <= Self.maxBytes else { return .damaged("has more than \(Self.maxBytes) bytes") }
        do { return .position(try Self.position([UInt8](data))) } catch { return .damaged(error.text) }
    }

    private static func position(_ json: [UInt8]) throws(WireProblem) -> OutputPosition {
        let fields = try JSONReader.object(json)
        guard fields["schema_version"] == .integer(1) else { throw WireProblem("schema_version must be 1") }
        guard case .integer(let seq)? = fields["seq"], seq >= 0 else { throw WireProblem("seq must be a whole number from 0") }
        switch fields["epoch"] {
        case .null?: return OutputPosition(epoch: nil, seq: 0)
        case .string(let epoch)? where (1...64).contains(epoch.utf8.count): return OutputPosition(epoch: epoch, seq: UInt64(seq))
        default: throw WireProblem("epoch must be text")
        }
    }

    /// - Throws: ``JournalError``; then the file is as it was.
    func write(_ position: OutputPosition) throws(JournalError) {
        var json = Array("{\"schema_version\":1,\"epoch\":".utf8)
        if let epoch = position.epoch { json.append(jsonString: epoch) } else { json += Array("null".utf8) }
        json += Array(",\"seq\":\(position.seq)}\n".utf8)
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("written") }
        // A few dozen bytes: they are written at once or not at all.
        let isWritten = json.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } == json.count && fsync(descriptor) == 0
        let number = errno
        close(descriptor)
        errno = number
        guard isWritten, rename(temporary, path) == 0 else { throw failure("written") }
        try Journal.synchroniseFolder(of: path)
    }

    private func failure(_ action: String) -> JournalError { JournalError(path, "cannot be \(action): \(String(cString: strerror(errno)))") }

    /// Where to go on, to be asked before the journal is written to.
    ///
    /// - Returns: the position, and for people what is special about it.
    /// - Throws: ``JournalError`` when the file is there and cannot be read.
    func beginning(journal: String) throws(JournalError) -> (position: OutputPosition, note: String?) {
        // A journal that cannot be read is begun by this run, or ends it.
        let reader = try? JournalReader(path: journal), extent = try? reader?.page(after: .max, limit: 1, bytes: 1).extent
        switch try read() {
        case .absent:
            guard let reader, let extent else { return (OutputPosition(epoch: nil, seq: 0), nil) }
            let position = OutputPosition(epoch: reader.epoch, seq: extent.lastSeq)
            return (position, extent.lastSeq == 0 ? nil : "begins after event \(extent.lastSeq): those before are the journal's alone")
        case .damaged(let problem):
            return (OutputPosition(epoch: nil, seq: 0), "\(path): \(problem); every event that the journal keeps is published again")
        case .position(let position):
            // Behind the end of a journal that lost its last events with the power, or came out of a backup, numbers are given again; what it
            // has still was taken.
            guard let extent, reader?.epoch == position.epoch, position.seq > extent.lastSeq else { return (position, nil) }
            return (
                OutputPosition(epoch: position.epoch, seq: extent.lastSeq),
                "the journal ends at event \(extent.lastSeq), before \(position.seq), which the broker took; numbers are given again from there")
        }
    }
}
