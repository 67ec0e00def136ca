import Foundation

/// A file that is read at any place, without keeping anything.
final class RecordingSource {
    let path: String
    let size: UInt64
    /// So far.
    private(set) var bytesRead: UInt64 = 0
    private let descriptor: Int32

    init(path: String) throws(RecordingError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw RecordingError(path, "open it", errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw RecordingError(path, "this is no file that can be read at any place")
        }
        self.descriptor = descriptor
        size = UInt64(max(0, status.st_size))
    }

    deinit { close(descriptor) }

    /// Fills `target` from byte `offset` on, all of it or an error.
    func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(RecordingError) {
        let (end, overflow) = offset.addingReportingOverflow(UInt64(target.count))
        guard !overflow, end <= size else {
            throw RecordingError(path, "the file ends at byte \(size), \(target.count) bytes from \(offset) on are wanted")
        }
        var done = 0
        while done < target.count {
            let count = pread(descriptor, target.baseAddress.map { $0 + done }, target.count - done, off_t(offset) + off_t(done))
            if count > 0 {
                done += count
                bytesRead += UInt64(count)
            } else if count == 0 {
                throw RecordingError(path, "the file became shorter while it was read")
            } else if errno != EINTR {
                throw RecordingError(path, "read at byte \(offset)", errno: errno)
            }
        }
    }

    func read(at offset: UInt64, count: Int) throws(RecordingError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBufferPointer { (target) throws(RecordingError) in try read(at: offset, into: UnsafeMutableRawBufferPointer(target)) }
        return bytes
    }

    /// The record that begins at `offset`; nil where the file ends before it does.
    func record(at offset: UInt64) throws(RecordingError) -> (opcode: UInt8, content: Range<UInt64>)? {
        guard offset < size, size - offset >= UInt64(MCAPFormat.prefixBytes) else { return nil }
        let prefix = try read(at: offset, count: MCAPFormat.prefixBytes)
        return prefix.withUnsafeBytes { bytes in
            var fields = FieldReader(bytes)
            guard let opcode = fields.integer(UInt8.self), let length = fields.integer(UInt64.self) else { return nil }
            let start = offset + UInt64(MCAPFormat.prefixBytes)
            guard length <= size - start else { return nil }
            return (opcode, start..<start + length)
        }
    }
}
