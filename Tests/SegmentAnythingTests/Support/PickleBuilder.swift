/// Writes pickles opcode by opcode, right ones and wrong ones.
enum PickleBuilder {
    static func global(_ module: String, _ name: String) -> [UInt8] { [0x63] + Array("\(module)\n\(name)\n".utf8) }

    static func text(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }

    static func integer(_ value: Int) -> [UInt8] {
        if let small = UInt8(exactly: value) { return [0x4B, small] }
        if let medium = Int32(exactly: value) { return [0x4A] + little(medium) }
        return [0x8A, 8] + little(Int64(value))
    }

    static func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

    static func tuple(_ numbers: [Int]) -> [UInt8] { [0x28] + numbers.flatMap(integer) + [0x74] }

    /// `_rebuild_tensor_v2` of a storage.
    static func tensor(
        storage key: String = "0", of type: String = "FloatStorage", count: Int, offset: Int = 0, shape: [Int], strides: [Int]? = nil,
        legacy: Bool = false
    ) -> [UInt8] {
        var contiguous = shape, step = 1
        for axis in shape.indices.reversed() {
            contiguous[axis] = step
            step = step.multipliedReportingOverflow(by: shape[axis]).partialValue
        }
        var bytes = global("torch._utils", "_rebuild_tensor_v2") + [0x28]
        bytes += [0x28] + text("storage") + global("torch", type) + text(key) + text("cpu") + integer(count)
        bytes += (legacy ? [0x4E] : []) + [0x74, 0x51]
        bytes += integer(offset) + tuple(shape) + tuple(strides ?? contiguous)
        return bytes + [0x89] + global("collections", "OrderedDict") + [0x29, 0x52] + [0x74, 0x52]
    }

    /// A dict of the given entries, each a key and the opcodes of its value.
    static func dictionary(_ entries: [(String, [UInt8])]) -> [UInt8] {
        [0x7D, 0x28] + entries.flatMap { text($0.0) + $0.1 } + [0x75]
    }

    static func pickle(_ opcodes: [UInt8]) -> [UInt8] { [0x80, 2] + opcodes + [0x2E] }
}
