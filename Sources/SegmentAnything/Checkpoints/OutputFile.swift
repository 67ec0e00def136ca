import Foundation

#if canImport(Glibc)
import Glibc
private let writeBytes = Glibc.write
#else
import Darwin
private let writeBytes = Darwin.write
#endif

/// A file that exists whole or not at all: written under another name beside its place, synced and renamed at the end.
///
/// Without ``finish()`` nothing is left.
public final class OutputFile {
    let path: String
    private let temporary: String
    private var descriptor: Int32
    private let overwrite: Bool

    /// - Parameters:
    ///   - size: bytes that will be written; a disk without room for them is found out at once.
    ///   - overwrite: whether a file of this name may be replaced.
    ///   - mode: permissions; nil: as the process's umask has it.
    public init(path: String, size: Int, overwrite: Bool, mode: mode_t? = nil) throws {
        self.path = path
        self.overwrite = overwrite
        try Self.requireFree(path, overwrite: overwrite)
        let place = URL(fileURLWithPath: path)
        temporary = place.deletingLastPathComponent().appendingPathComponent(".\(place.lastPathComponent).\(UUID().uuidString).partial").path
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ?? 0o644)
        guard descriptor >= 0 else { throw FileWriteError(file: path, problem: "cannot be written: \(String(cString: strerror(errno)))") }
        if let mode, fchmod(descriptor, mode) != 0 { throw failure(errno) }
        #if os(Linux)
        // Not every file system can reserve room; those find out while writing.
        let code = posix_fallocate(descriptor, 0, off_t(size))
        if code == ENOSPC || code == EFBIG { throw failure(code, "\(size) bytes are needed") }
        #endif
    }

    /// Writes a text file whole.
    ///
    /// - Throws: ``FileWriteError`` or ``CheckpointError`` naming the file.
    public static func write(_ text: String, to path: String, overwrite: Bool, mode: mode_t? = nil) throws {
        var text = text
        try text.withUTF8 { bytes in
            let file = try OutputFile(path: path, size: bytes.count, overwrite: overwrite, mode: mode)
            try file.write(UnsafeRawBufferPointer(bytes))
            try file.finish()
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    /// A name that is taken is a mistake of the caller's, found before any work is done.
    public static func requireFree(_ path: String, overwrite: Bool) throws(CheckpointError) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT != S_IFREG { throw CheckpointError(file: path, problem: "is there already and is not a regular file; give another name") }
        if !overwrite { throw CheckpointError(file: path, problem: "is there already; --force replaces it") }
    }

    /// Finds out that a file cannot be written where it is to be, before anything is computed for it.
    public static func requireFolder(of path: String) throws(CheckpointError) {
        guard !path.hasSuffix("/") else { throw CheckpointError(file: path, problem: "names a folder; a file is expected") }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw CheckpointError(file: path, problem: "cannot be written: there is no folder \(folder)")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw CheckpointError(file: path, problem: "cannot be written: the folder \(folder) may not be written to")
        }
    }

    private func failure(_ code: Int32, _ more: String = "") -> FileWriteError {
        FileWriteError(file: path, problem: "cannot be written: \(String(cString: strerror(code)))\(more.isEmpty ? "" : " (\(more))")")
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileWriteError) {
        var done = 0
        while done < bytes.count {
            let count = writeBytes(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure(errno) }
            done += count
        }
    }

    /// Makes the file appear under its name.
    public func finish() throws {
        guard fsync(descriptor) == 0 else { throw failure(errno) }
        try Self.requireFree(path, overwrite: overwrite)
        guard rename(temporary, path) == 0 else { throw failure(errno) }
        close(descriptor)
        descriptor = -1
        // The name is safe once its folder is; what is on the disk already is not undone for that.
        let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}
