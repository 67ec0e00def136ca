/// Appends MCAP's primitive types: integers in little-endian order, strings, maps and arrays after their length in bytes as UInt32.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ text: String) {
        put(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put(_ content: some Sequence<UInt8>) { bytes.append(contentsOf: content) }

    /// In the order of the keys, so that the same map has the same bytes.
    mutating func put(_ map: [String: String]) {
        putCounted { fields in
            for (key, value) in map.sorted(by: { $0.key < $1.key }) {
                fields.put(key)
                fields.put(value)
            }
        }
    }

    /// What `body` appends, after its length.
    mutating func putCounted(_ body: (inout FieldWriter) -> Void) {
        let start = bytes.count
        put(UInt32(0))
        body(&self)
        let count = UInt32(bytes.count - start - 4)
        withUnsafeBytes(of: count.littleEndian) { bytes.replaceSubrange(start..<start + 4, with: $0) }
    }

    /// A whole record: opcode, length, and what `body` appends.
    mutating func putRecord(_ opcode: MCAPOpcode, _ body: (inout FieldWriter) -> Void) {
        put(opcode.rawValue)
        let start = bytes.count
        put(UInt64(0))
        body(&self)
        let count = UInt64(bytes.count - start - 8)
        withUnsafeBytes(of: count.littleEndian) { bytes.replaceSubrange(start..<start + 8, with: $0) }
    }
}
