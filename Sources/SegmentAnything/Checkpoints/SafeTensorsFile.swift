import Foundation

/// A safetensors file: 8 bytes of header length, a JSON header, then the tensors' bytes.
///
/// Everything in the header is checked before a tensor is touched: its length, that the ranges lie end to end from 0 to
/// the end of the file, that shape × element size is the range, and that no key occurs twice.
public final class SafeTensorsFile: TensorSource {
    public struct Entry: Sendable {
        /// As the file names it; ``ElementType`` says which can be read as weights.
        public let type: String
        public let shape: [Int]
        let range: Range<Int>
    }

    public let path: String
    public let metadata: [String: String]
    public let entries: [String: Entry]
    public let byteCount: Int
    private let file: MappedFile
    private let data: UnsafeRawBufferPointer

    static let largestHeader = 16 << 20

    public init(path: String) throws(CheckpointError) {
        self.path = path
        file = try MappedFile(path: path)
        let bytes = file.bytes
        byteCount = bytes.count
        func wrong(_ problem: String) -> CheckpointError { CheckpointError(file: path, problem: problem) }

        guard bytes.count >= 8 else { throw wrong("\(bytes.count) bytes are too few for a safetensors file") }
        let announced = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard let length = Int(exactly: announced), length <= Self.largestHeader, length <= bytes.count - 8 else {
            throw wrong(Self.foreign(bytes) ?? "the header claims \(announced) bytes; at most 16 MiB inside the file can be right: not a safetensors file, or a cut one")
        }
        let headerBytes = UnsafeRawBufferPointer(rebasing: bytes[8..<(8 + length)])
        data = UnsafeRawBufferPointer(rebasing: bytes[(8 + length)...])
        guard let json = try? JSONSerialization.jsonObject(with: Data(headerBytes)), let header = json as? [String: Any] else {
            throw wrong(Self.foreign(bytes) ?? "the header is not a JSON object")
        }
        guard JSONKeys.countAtTop(headerBytes) == header.count else {
            throw wrong("the header names a tensor twice")
        }
        var metadata: [String: String] = [:]
        var entries: [String: Entry] = [:]
        for (name, value) in header {
            if name == "__metadata__" {
                guard let strings = value as? [String: String] else { throw wrong("__metadata__ must hold strings only") }
                metadata = strings
                continue
            }
            entries[name] = try Self.entry(name, value, limit: data.count, wrong)
        }
        var end = 0
        for (name, entry) in entries.sorted(by: { ($0.value.range.lowerBound, $0.value.range.upperBound) < ($1.value.range.lowerBound, $1.value.range.upperBound) }) {
            guard entry.range.lowerBound == end else {
                throw wrong("\(name) begins at byte \(entry.range.lowerBound) of the data; \(end) is where the one before it ends")
            }
            end = entry.range.upperBound
        }
        guard end == data.count else { throw wrong("the tensors end at byte \(end) of \(data.count)") }
        self.metadata = metadata
        self.entries = entries
    }

    private static func entry(
        _ name: String, _ value: Any, limit: Int, _ wrong: (String) -> CheckpointError
    ) throws(CheckpointError) -> Entry {
        guard let fields = value as? [String: Any], let type = fields["dtype"] as? String,
            let sizes = fields["shape"] as? [NSNumber], let offsets = fields["data_offsets"] as? [NSNumber],
            offsets.count == 2
        else { throw wrong("\(name) needs dtype, shape and two data_offsets") }
        guard let elementSize = ElementType(rawValue: type)?.size else { throw wrong("\(name) has the unknown dtype \(type)") }
        var bytes = elementSize
        var shape: [Int] = []
        for size in sizes {
            guard let exact = Int(exactly: size.doubleValue), exact >= 0 else {
                throw wrong("\(name) has the size \(size) in its shape")
            }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: exact)
            guard !overflow else { throw wrong("\(name)'s shape is larger than any file") }
            bytes = product
            shape.append(exact)
        }
        guard let start = Int(exactly: offsets[0].doubleValue), let end = Int(exactly: offsets[1].doubleValue),
            start >= 0, start <= end, end <= limit
        else { throw wrong("\(name)'s data_offsets \(offsets) lie outside the \(limit) bytes of data") }
        guard end - start == bytes else {
            throw wrong("\(name) holds \(end - start) bytes; \(type) of shape \(shape) takes \(bytes)")
        }
        return Entry(type: type, shape: shape, range: start..<end)
    }

    /// What a file that is not safetensors looks like, and what to do with it.
    private static func foreign(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard let kind = FileKind(bytes), kind != .safeTensors else { return nil }
        if kind == .zip || kind == .pickle {
            return "looks like \(kind.description); `flawd model import` makes a safetensors file of a PyTorch checkpoint"
        }
        return "looks like \(kind.description); a safetensors file is expected"
    }

    /// The raw bytes of an entry, for those who need other types than weights (golden files).
    public func bytes(of name: String) -> UnsafeRawBufferPointer? {
        entries[name].map { UnsafeRawBufferPointer(rebasing: data[$0.range]) }
    }

    /// Converts a tensor to Float32.
    ///
    /// - Throws: ``CheckpointError`` when it is missing, holds no floating-point numbers, or holds NaN or infinity.
    public func floats(_ name: String, into target: UnsafeMutablePointer<Float>) throws(CheckpointError) {
        guard let entry = entries[name] else { throw CheckpointError(file: path, problem: "\(name) is missing") }
        guard let type = ElementType(rawValue: entry.type), type.isFloat else {
            throw CheckpointError(file: path, problem: "\(name) is \(entry.type); weights are F32, F16, BF16 or F64")
        }
        guard let source = UnsafeRawBufferPointer(rebasing: data[entry.range]).baseAddress else { return }
        let finite = type.convert(source, count: entry.range.count / type.size, into: target)
        let offset = file.bytes.count - data.count
        file.release(offset + entry.range.lowerBound..<offset + entry.range.upperBound)
        guard finite else { throw CheckpointError(file: path, problem: "\(name) holds NaN or infinity") }
    }

    /// SHA-256 of the whole file, which is read for it once.
    public func contentHash() -> String { knownHash }

    private lazy var knownHash = ContentHash.sha256(file)

    public func isSameFile(as path: String) -> Bool { file.isSame(as: path) }

    public var tensors: [String: TensorDescription] {
        entries.compactMapValues { entry in
            ElementType(rawValue: entry.type).map { TensorDescription(type: $0, shape: entry.shape) }
        }
    }
}

/// Counts an object's own keys in JSON text: a parser keeps only one of two equal keys.
enum JSONKeys {
    static func countAtTop(_ text: UnsafeRawBufferPointer) -> Int {
        var depth = 0, keys = 0, inString = false, escaped = false
        for byte in text {
            if inString {
                if escaped { escaped = false } else if byte == UInt8(ascii: "\\") { escaped = true }
                else if byte == UInt8(ascii: "\"") { inString = false }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: keys += 1
            default: break
            }
        }
        return keys
    }
}
