/// Reads MCAP's primitive types from bytes that anyone may have written: nil where they end too early or are no UTF-8.
struct FieldReader {
    private var rest: UnsafeRawBufferPointer

    /// The bytes must stay where they are while the reader is used.
    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    var count: Int { rest.count }
    var isAtEnd: Bool { rest.isEmpty }

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value? {
        let size = MemoryLayout<Value>.size
        guard rest.count >= size else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(size)) }
        return Value(littleEndian: rest.loadUnaligned(as: Value.self))
    }

    mutating func bytes(_ count: some BinaryInteger) -> UnsafeRawBufferPointer? {
        guard let count = Int(exactly: count), count >= 0, count <= rest.count else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    }

    mutating func remaining() -> UnsafeRawBufferPointer {
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.suffix(0)) }
        return rest
    }

    mutating func counted() -> UnsafeRawBufferPointer? {
        guard let count = integer(UInt32.self) else { return nil }
        return bytes(count)
    }

    mutating func string() -> String? { counted().flatMap { String(validating: $0, as: UTF8.self) } }

    mutating func map() -> [String: String]? {
        guard let content = counted() else { return nil }
        var fields = FieldReader(content), map: [String: String] = [:]
        while !fields.isAtEnd {
            guard let key = fields.string(), let value = fields.string() else { return nil }
            map[key] = value
        }
        return map
    }
}
