import Foundation

/// A file that holds room on the disk, to be given up when there is none left: on a full disk even deleting needs some.
final class JournalBallast {
    private let path: String
    private let bytes: Int64
    private(set) var isHeld = false

    /// - Parameter bytes: 0: there is no such file.
    init(path: String, bytes: Int64) {
        self.path = path
        self.bytes = bytes
        hold()
    }

    /// Takes the room, where there is twice as much: else the disk would be filled by this very file.
    func hold() {
        guard bytes > 0, !isHeld else { return }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_size == off_t(bytes), Int64(status.st_blocks) * 512 >= bytes {
            isHeld = true
            return
        }
        var disk = statvfs()
        guard fstatvfs(descriptor, &disk) == 0, UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize)).partialValue >= UInt64(2 * bytes)
        else { return }
        isHeld = posix_fallocate(descriptor, 0, off_t(bytes)) == 0
        if !isHeld { _ = ftruncate(descriptor, 0) }
    }

    /// Gives the room up. False: there was none.
    func release() -> Bool {
        guard isHeld else { return false }
        isHeld = false
        return truncate(path, 0) == 0
    }
}
