#if os(Linux)
import Dispatch
import Glibc

/// Says which files of a folder were closed after writing, or moved into it (inotify(7)).
struct FolderWatch {
    /// Of the file that is looked after.
    let name: String
    let closedFiles: AsyncStream<String>

    /// nil: the system has no watch to give, or the folder is not there.
    init?(of path: String) {
        let slash = path.lastIndex(of: "/"), folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        guard inotify_add_watch(descriptor, folder, UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)) >= 0 else {
            close(descriptor)
            return nil
        }
        // Bounded: whoever is behind looks at the file anyway.
        let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(64))
        closedFiles = stream
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue(label: "flawd.watch"))
        source.setEventHandler { @Sendable in for name in Self.names(descriptor) { continuation.yield(name) } }
        source.setCancelHandler { @Sendable in close(descriptor) }
        let watch = Watch(source)
        continuation.onTermination = { @Sendable _ in watch.cancel() }
        source.resume()
    }

    // @unchecked Sendable: a dispatch source may be cancelled from any thread, and nothing else is done with it here.
    private final class Watch: @unchecked Sendable {
        private let source: any DispatchSourceRead
        init(_ source: any DispatchSourceRead) { self.source = source }
        func cancel() { source.cancel() }
    }

    /// Of the events that wait: descriptor, mask and cookie (4 bytes each), the length of the name, the name padded with zeros.
    private static func names(_ descriptor: Int32) -> [String] {
        var buffer = [UInt8](repeating: 0, count: 16 << 10), names: [String] = []
        let count = read(descriptor, &buffer, buffer.count)
        var offset = 0
        buffer.withUnsafeBytes { bytes in
            while offset + 16 <= count {
                let length = Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self)), start = offset + 16
                guard start + length <= count else { break }
                names.append(String(decoding: bytes[start..<start + length].prefix { $0 != 0 }, as: UTF8.self))
                offset = start + length
            }
        }
        return names
    }
}
#else
/// Only polling elsewhere.
struct FolderWatch {
    let name = ""
    let closedFiles = AsyncStream<String> { $0.finish() }
    init?(of path: String) { return nil }
}
#endif
