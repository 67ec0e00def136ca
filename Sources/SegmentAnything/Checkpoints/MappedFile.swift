#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file's bytes, mapped read-only for as long as the object lives.
final class MappedFile {
    let bytes: UnsafeRawBufferPointer
    private let device: dev_t
    private let inode: ino_t

    init(path: String) throws(CheckpointError) {
        func failure(_ doing: String) -> CheckpointError {
            CheckpointError(file: path, problem: "cannot \(doing): \(String(cString: strerror(errno)))")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("stat") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CheckpointError(file: path, problem: "is not a regular file")
        }
        guard let size = Int(exactly: status.st_size), size > 0 else {
            throw CheckpointError(file: path, problem: "is empty; a file of weights is expected")
        }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw failure("map")
        }
        bytes = UnsafeRawBufferPointer(start: base, count: size)
        device = status.st_dev
        inode = status.st_ino
    }

    /// Says that a range was read for the last time for a while: its pages need not stay in memory beside what was made of them.
    func release(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page, last = range.upperBound / page * page
        guard first < last, let base = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + first), last - first, MADV_DONTNEED)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    func isSame(as path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_dev == device && status.st_ino == inode
    }
}
