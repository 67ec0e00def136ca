/// The few forms of protobuf's wire format that two messages of Foxglove's need.
struct ProtobufWriter {
    static func varint(_ value: UInt64, into fields: inout FieldWriter) {
        var rest = value
        while rest >= 0x80 {
            fields.put(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        fields.put(UInt8(rest))
    }

    static func integer(_ number: Int, _ value: UInt64, into fields: inout FieldWriter) {
        varint(UInt64(number) << 3, into: &fields)
        varint(value, into: &fields)
    }

    static func fixed32(_ number: Int, _ value: UInt32, into fields: inout FieldWriter) {
        varint(UInt64(number) << 3 | 5, into: &fields)
        fields.put(value)
    }

    static func bytes(_ number: Int, _ content: some Collection<UInt8>, into fields: inout FieldWriter) {
        varint(UInt64(number) << 3 | 2, into: &fields)
        varint(UInt64(content.count), into: &fields)
        fields.put(content)
    }

    /// A message within a message.
    static func message(_ number: Int, into fields: inout FieldWriter, _ body: (inout FieldWriter) -> Void) {
        var inner = FieldWriter()
        body(&inner)
        bytes(number, inner.bytes, into: &fields)
    }
}

/// Walks over the fields of a protobuf message; what is not asked for is passed by.
struct ProtobufReader {
    enum Value {
        case integer(UInt64)
        case bytes(UnsafeRawBufferPointer)
        case fixed32(UInt32)
        case fixed64(UInt64)
    }

    private var fields: FieldReader

    init(_ bytes: UnsafeRawBufferPointer) { fields = FieldReader(bytes) }

    var isAtEnd: Bool { fields.isAtEnd }

    /// nil at the end, and where the bytes are no protobuf; `isAtEnd` tells which.
    mutating func next() -> (number: Int, value: Value)? {
        guard !isAtEnd, let tag = varint(), let number = Int(exactly: tag >> 3), number > 0 else { return nil }
        switch tag & 7 {
        case 0: return varint().map { (number, .integer($0)) }
        case 1: return fields.integer(UInt64.self).map { (number, .fixed64($0)) }
        case 2:
            guard let count = varint(), let content = fields.bytes(count) else { return nil }
            return (number, .bytes(content))
        case 5: return fields.integer(UInt32.self).map { (number, .fixed32($0)) }
        default: return nil
        }
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = fields.integer(UInt8.self) else { return nil }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        return nil
    }
}
