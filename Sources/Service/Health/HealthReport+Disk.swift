#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension HealthReport.Disk {
    /// The disk that a file or folder is on; nil: the system does not say.
    init?(of path: String) {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        func bytes(_ blocks: fsblkcnt_t) -> Int64 {
            let (bytes, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(info.f_frsize))
            return overflow ? .max : Int64(clamping: bytes)
        }
        self.init(freeBytes: bytes(info.f_bavail), sizeBytes: bytes(info.f_blocks))
    }
}

/// The size of a file; nil: there is none.
func fileBytes(_ path: String) -> Int64? {
    var info = stat()
    return stat(path, &info) == 0 ? Int64(info.st_size) : nil
}
