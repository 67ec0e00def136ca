import Dispatch
import Foundation

/// A new file that is written from its start to its end, with plain system calls.
///
/// `write` returns when the system has the bytes: a process that is killed loses nothing that was appended.
final class RecordingFile {
    let path: String
    /// Bytes appended so far.
    private(set) var count: UInt64 = 0
    private let descriptor: Int32

    /// - Throws: `RecordingError`, also where the file is there already.
    init(creating path: String) throws(RecordingError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw RecordingError(path, "make it", errno: errno) }
    }

    deinit { close(descriptor) }

    /// Appends all of `bytes`, or throws and leaves the file as long as it was.
    func append(_ bytes: UnsafeRawBufferPointer) throws(RecordingError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = write(descriptor, rest.baseAddress, rest.count)
            if written > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            } else if errno != EINTR {
                let number = errno
                cut(to: count)
                throw RecordingError(path, "write", errno: number)
            }
        }
        count += UInt64(bytes.count)
    }

    func append(_ bytes: [UInt8]) throws(RecordingError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(RecordingError) in try append(UnsafeRawBufferPointer(bytes)) }
    }

    /// Forgets everything from `count` on: part of a record would be taken for one that was cut. If even this fails, a reader says so.
    func cut(to count: UInt64) {
        _ = ftruncate(descriptor, off_t(count))
        _ = lseek(descriptor, off_t(count), SEEK_SET)
        self.count = count
    }

    /// Waits until what was appended would survive a loss of power.
    func synchronise() throws(RecordingError) {
        while fdatasync(descriptor) != 0 {
            guard errno == EINTR else { throw RecordingError(path, "write it to the disk", errno: errno) }
        }
    }

    /// The same, on a thread of its own: a disk takes seconds for what a minute of frames was.
    func synchroniseLater() {
        let copy = dup(descriptor)
        guard copy >= 0 else { return }
        DispatchQueue.global(qos: .utility).async { @Sendable in
            fdatasync(copy)
            close(copy)
        }
    }
}
