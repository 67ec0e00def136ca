import Foundation
import SegmentAnything
import Yams

/// The bytes of a YAML file: read with a bound, checked to be text, and composed into nodes.
public struct YAMLSource {
    static let maxBytes = 1 << 20

    /// SHA-256 of the bytes as they are on disk, byte order mark included.
    let revision: String
    /// As they are on disk.
    let bytes: [UInt8]
    let text: String
    /// Whether the bytes begin with one; `text` does not.
    let hasByteOrderMark: Bool
    let name: String
    let kind: YAMLKind

    public init(path: String, kind: YAMLKind) throws(FileError) {
        try self.init(bytes: Self.read(path, kind), name: path, kind: kind)
    }

    /// - Parameter name: what messages call the file.
    public init(bytes: [UInt8], name: String, kind: YAMLKind) throws(FileError) {
        guard bytes.count <= Self.maxBytes else { throw Self.tooLarge(bytes.count, file: name, kind) }
        self.kind = kind
        self.bytes = bytes
        revision = bytes.withUnsafeBytes { ContentHash.sha256($0) }
        self.name = name
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        hasByteOrderMark = bytes.starts(with: mark)
        let body = hasByteOrderMark ? bytes.dropFirst(mark.count) : bytes[...]
        guard let text = String(validating: body, as: UTF8.self) else {
            throw FileError(
                file: name, line: Self.line(ofInvalid: body), "is not UTF-8; save it as UTF-8 text")
        }
        self.text = text
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw FileError(file: name, "is empty; \(kind.contents)")
        }
    }

    /// The document's root.
    ///
    /// Composed without Yams' implicit types: what a scalar may be is decided where it is read, so `on` stays text.
    public func compose() throws(FileError) -> NodeReader.Field {
        var anchorless = try AnchorlessText(text, file: name)
        do {
            guard let composed = try Yams.compose(yaml: anchorless.text, .basic) else {
                throw FileError(file: name, "is empty; \(kind.contents)")
            }
            let root = try anchorless.restored(composed, file: name, kind)
            return NodeReader.Field(path: "", place: root.mark, node: root, kind: kind)
        } catch let error as FileError {
            throw error
        } catch let error as YamlError {
            throw FileError(findings(of: error).map(anchorless.restored))
        } catch {
            throw FileError(file: name, "is not YAML: \(error)")
        }
    }

    private func findings(of error: YamlError) -> [FileError.Finding] {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
             .composer(let context, let problem, let mark, _):
            if problem.contains("nesting level") {
                return [finding(mark, tooDeep)]
            }
            var message = "is not valid YAML here: \(problem)"
            if let context { message += " (\(context.text), line \(context.mark.line))" }
            if problem.contains("alias") || context?.text.contains("alias") == true {
                message += "; aliases are not accepted, and a name that starts with `*` needs quotes"
            }
            return [finding(mark, message)]
        case .duplicatedKeysInMapping(let duplicates, let context):
            return duplicates.sorted().map { finding(context.mark, kind.repeatedKey($0)) }
        case .reader(let problem, let offset, _, _):
            let line = offset.map { 1 + text.prefix($0).count(where: \.isNewline) }
            return [.init(file: name, line: line, key: "", problem: "is not YAML text: \(problem)")]
        case .memory:
            return [finding(nil, tooDeep)]
        default:
            return [finding(nil, "is not YAML: \(error)")]
        }
    }

    private func finding(_ mark: Mark?, _ problem: String) -> FileError.Finding {
        .init(file: name, line: mark?.line, column: kind.pointsAtValues ? mark?.column : nil, key: "", problem: problem)
    }

    private var tooDeep: String { "is nested too deeply; \(kind.name) needs no more than 8 levels" }

    private static func tooLarge(_ bytes: some BinaryInteger, file: String, _ kind: YAMLKind) -> FileError {
        FileError(file: file, "holds \(bytes) bytes; \(kind.name) is never larger than \(maxBytes >> 20) MiB")
    }

    /// Reads at most one byte more than may be, so that a file that grows, or `/dev/zero`, costs no memory.
    private static func read(_ path: String, _ kind: YAMLKind) throws(FileError) -> [UInt8] {
        // Without O_NONBLOCK a FIFO that nobody writes to would hold the daemon up for ever.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileError(file: path, "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError(file: path, "cannot be examined: \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(file: path, "is not a regular file")
        }
        guard status.st_size <= off_t(maxBytes) else { throw tooLarge(status.st_size, file: path, kind) }
        var bytes = [UInt8](repeating: 0, count: maxBytes + 1)
        var filled = 0
        while filled < bytes.count {
            let got = bytes.withUnsafeMutableBytes { bytes in
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
                return Foundation.read(descriptor, rest.baseAddress, rest.count)
            }
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw FileError(file: path, "cannot be read: \(String(cString: strerror(errno)))")
            }
            filled += got
        }
        return Array(bytes[..<filled])
    }

    /// The line of the first byte that no UTF-8 sequence can hold.
    private static func line(ofInvalid bytes: ArraySlice<UInt8>) -> Int {
        var decoder = UTF8(), iterator = bytes.makeIterator(), line = 1
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue("\n"): line += 1
            case .scalarValue: continue
            case .emptyInput, .error: return line
            }
        }
    }
}
