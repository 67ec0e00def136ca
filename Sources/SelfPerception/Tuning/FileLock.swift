import Foundation

/// A file that one process at a time holds, so that two runs do not write the same output. The system lets go of it when the process
/// ends, however it ends.
final class FileLock {
    private let path: String
    private let descriptor: Int32
    private var isHeld = false

    /// - Throws: ``TuningError`` where another run holds it, naming `output`.
    init(_ path: String, of output: String) throws(TuningError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw TuningError(description: "\(path): cannot be made: \(String(cString: strerror(errno)))", isInvalidInput: false)
        }
        var held = stat(), named = stat()
        // One that its holder has just removed is not the file that the next run will find.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino else {
            throw TuningError(description: "\(output): another run is writing it; wait for that one, or give another --out")
        }
        isHeld = true
    }

    deinit {
        if isHeld { unlink(path) }
        if descriptor >= 0 { close(descriptor) }
    }
}
