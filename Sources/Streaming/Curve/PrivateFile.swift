import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reads small files whose permissions matter: looked at and read through one descriptor, so that it is the same file.
public enum PrivateFile {
    /// - Parameter isSecret: nobody but the owner may read it; otherwise, nobody but the owner may write it.
    /// - Throws: `CurveError` naming the file and the command that would make it right.
    public static func read(_ path: String, maxBytes: Int, isSecret: Bool) throws(CurveError) -> String {
        // Not blocking: a pipe without a writer must not hold up the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw CurveError(file: path, "cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw CurveError(file: path, "cannot be looked at: \(String(cString: strerror(errno)))") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw CurveError(file: path, "is not a regular file") }
        try check(status, path, isSecret: isSecret)
        guard status.st_size <= maxBytes else { throw CurveError(file: path, "is larger than \(maxBytes >> 10) KiB; that is no file of keys") }
        var bytes: [UInt8] = [], chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= maxBytes {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CurveError(file: path, "cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw CurveError(file: path, "is not UTF-8") }
        return text
    }

    private static func check(_ status: stat, _ path: String, isSecret: Bool) throws(CurveError) {
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw CurveError(file: path, "belongs to user \(status.st_uid), who can change it at any time; chown it to root or to flawd's user")
        }
        // systemd gives the service's user access to a credential by an access list, whose mask shows as the group's bits.
        let others: mode_t = !isSecret ? 0o022 : isCredential(path) ? 0o037 : 0o077
        guard status.st_mode & others == 0 else {
            let mode = "0" + String(status.st_mode & 0o777, radix: 8)
            throw CurveError(
                file: path,
                isSecret ? "can be read by others (mode \(mode)), so the key may be known already; make a new one, or chmod 600 it"
                    : "can be written by others (mode \(mode)), who could let themselves in; chmod go-w it")
        }
    }

    /// Whether systemd put the file there (LoadCredential=).
    private static func isCredential(_ path: String) -> Bool {
        guard let folder = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"], folder.hasPrefix("/") else { return false }
        let folders = URL(fileURLWithPath: folder).standardizedFileURL.path + "/"
        return URL(fileURLWithPath: path).standardizedFileURL.path.hasPrefix(folders)
    }
}
