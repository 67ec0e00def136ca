import Foundation
@testable import SegmentAnything

/// Writes a PyTorch file's tensors in the legacy form of torch.save, a storage each, with changes where a test wants some.
enum LegacyForm {
    typealias Change = (_ name: String, _ shape: [Int], _ values: [Float]) -> (shape: [Int], values: [Float])

    static func write(_ file: PyTorchFile, to path: String, change: Change = { ($1, $2) }) throws {
        var entries: [UInt8] = [], numbers: [UInt8] = [], keys: [UInt8] = []
        for (index, (name, tensor)) in file.tensors.sorted(by: { $0.key < $1.key }).enumerated() {
            var values = [Float](repeating: 0, count: tensor.count)
            try values.withUnsafeMutableBufferPointer { buffer in
                if let base = buffer.baseAddress { try file.floats(name, into: base) }
            }
            let (shape, changed) = change(name, tensor.shape, values), key = "94000\(index)"
            entries += text(name) + rebuild(key, shape)
            keys += text(key)
            numbers += little(Int64(changed.count)) + changed.flatMap { little($0.bitPattern) }
        }
        let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        let machine: [UInt8] = [0x80, 2, 0x7D] + text("little_endian") + [0x88, 0x73, 0x2E]
        var bytes = magic + [0x80, 2, 0x4D, 0xE9, 3, 0x2E] + machine
        bytes += [0x80, 2, 0x7D, 0x28] + entries + [0x75, 0x2E]
        bytes += [0x80, 2, 0x5D, 0x28] + keys + [0x65, 0x2E] + numbers
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

    private static func text(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }

    private static func integer(_ value: Int) -> [UInt8] { [0x4A] + little(Int32(value)) }

    private static func rebuild(_ key: String, _ shape: [Int]) -> [UInt8] {
        var strides: [Int] = [], step = 1
        for size in shape.reversed() {
            strides.insert(step, at: 0)
            step *= size
        }
        var bytes = Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8) + text("storage") + Array("ctorch\nFloatStorage\n".utf8)
        bytes += text(key) + text("cpu") + integer(step) + [0x4E, 0x74, 0x51] + integer(0)
        bytes += [0x28] + shape.flatMap(integer) + [0x74, 0x28] + strides.flatMap(integer) + [0x74, 0x89]
        return bytes + Array("ccollections\nOrderedDict\n)RtR".utf8)
    }
}
