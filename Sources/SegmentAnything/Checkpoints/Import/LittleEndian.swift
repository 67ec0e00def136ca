extension UnsafeRawBufferPointer {
    /// A little-endian integer; nil where it does not lie inside.
    func integer<Integer: FixedWidthInteger>(at offset: Int, as type: Integer.Type) -> Integer? {
        guard offset >= 0, offset <= count - MemoryLayout<Integer>.size else { return nil }
        return Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// A size or a place in the file; nil where it does not lie inside or no file can be that large.
    func size<Integer: FixedWidthInteger & UnsignedInteger>(at offset: Int, as type: Integer.Type) -> Int? {
        integer(at: offset, as: type).flatMap { Int(exactly: $0) }
    }

    /// The bytes from `offset` on; nil where they do not lie inside.
    func part(at offset: Int, count size: Int) -> UnsafeRawBufferPointer? {
        guard offset >= 0, size >= 0, offset <= count, size <= count - offset else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[offset..<offset + size])
    }
}
