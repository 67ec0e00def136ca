#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file's bytes, mapped read-only for as long as the object lives.
final class MappedFile {
    let bytes: UnsafeRawBufferPointer

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
            throw CheckpointError(file: path, problem: "is empty; a safetensors file is expected")
        }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw failure("map")
        }
        bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
