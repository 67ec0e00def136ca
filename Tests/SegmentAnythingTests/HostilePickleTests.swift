import Foundation
import Testing
@testable import SegmentAnything

/// Pickles that try something: each is refused by name, and nothing of it runs.
struct HostilePickleTests {
    static let b = PickleBuilder.self

    func read(_ opcodes: [UInt8], limits: PickleReader.Limits = .init(), raw: Bool = false) throws -> PickleDocument {
        let bytes = raw ? opcodes : PickleBuilder.pickle(opcodes)
        return try bytes.withUnsafeBytes { try PickleReader.read($0, file: "m.pth", limits: limits) }
    }

    func expectRefusal(
        _ opcodes: [UInt8], _ message: String, raw: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) { try read(opcodes, raw: raw) }
        #expect(error?.file == "m.pth", sourceLocation: sourceLocation)
        #expect(error?.problem.contains(message) == true, "\(error?.problem ?? "")", sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("builtins", "exec"), ("__builtin__", "getattr"),
        ("subprocess", "Popen"), ("torch", "load"), ("torch.storage", "_load_from_bytes"), ("torch", "FloatTensor"),
        ("collections", "OrderedDict.fromkeys"), ("numpy.core.multiarray", "_reconstruct"), ("argparse", "Namespace"),
        ("ultralytics.nn.tasks", "SegmentationModel"), ("torch._utils", "_rebuild_tensor_v2 "), ("", ""),
    ])
    func anyOtherName_IsRefused(_ module: String, _ name: String) {
        let call = PickleBuilder.global(module, name) + [0x28] + PickleBuilder.text("touch /tmp/flawd-was-here") + [0x74, 0x52]
        expectRefusal(call, "the name \(module).\(name) is refused")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/flawd-was-here"))
    }

    @Test(arguments: [
        (0x69, "INST"), (0x6F, "OBJ"), (0x81, "NEWOBJ"), (0x92, "NEWOBJ_EX"), (0x82, "EXT1"), (0x83, "EXT2"), (0x84, "EXT4"),
        (0x93, "STACK_GLOBAL"), (0x8B, "LONG4"), (0x50, "PERSID"), (0x54, "BINSTRING"), (0x55, "SHORT_BINSTRING"),
        (0x8C, "SHORT_BINUNICODE"), (0x8D, "BINUNICODE8"), (0x95, "FRAME"), (0x32, "DUP"), (0x30, "POP"), (0x8F, "EMPTY_SET"),
        (0x97, "NEXT_BUFFER"), (0x67, "GET"), (0x49, "INT"), (0xFF, "0xff"), (0x00, "0x0"),
    ] as [(UInt8, String)])
    func anyOtherOpcode_IsRefused(_ code: UInt8, _ name: String) {
        expectRefusal([0x28, code] + [UInt8](repeating: 1, count: 32), "opcode \(name) is refused")
    }

    @Test func otherProtocols_AreRefused() {
        for version: UInt8 in [0, 1, 3, 4, 5, 255] { expectRefusal([0x80, version, 0x4E, 0x2E], "pickle protocol \(version)", raw: true) }
    }

    @Test func longIntegers_AreRefused_AndShortOnesRead() throws {
        expectRefusal([0x8A, 9] + [UInt8](repeating: 1, count: 9), "an integer of 9 bytes")
        expectRefusal([0x8A, 255] + [UInt8](repeating: 1, count: 255), "an integer of 255 bytes")
        for (bytes, value) in [([], 0), ([0xFF], -1), ([0x80], -128), ([0xFF, 0], 255), ([0, 0, 0, 0, 0, 0, 0, 0x80], Int.min)] as [([UInt8], Int)] {
            guard case .integer(value) = try read([0x8A, UInt8(bytes.count)] + bytes).root else {
                Issue.record("\(bytes) is not \(value)")
                continue
            }
        }
    }

    @Test func strings_AreBounded() {
        expectRefusal([0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x41], "a string of 4294967295 bytes")
        expectRefusal([0x58, 0xFF, 0xFF, 0, 0, 0x41], "it is cut")
        expectRefusal([0x58, 1, 0, 0, 0, 0xC3], "not UTF-8")
        expectRefusal([0x63] + [UInt8](repeating: 0x41, count: 1000), "a name is cut or longer")
    }

    @Test func memo_IsBounded() {
        expectRefusal([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF], "memo 4294967295 is further")
        expectRefusal([0x68, 3], "memo 3 was never set")
        expectRefusal([0x71, 0], "a value is missing")
        // More steps than any state dict: refused after the limit, not after the file.
        let endless = [UInt8](repeating: 0, count: 1 << 21).enumerated().map { $0.offset % 2 == 0 ? UInt8(0x71) : 0 }
        expectRefusal([0x4E] + endless, "larger than any state dict")
    }

    @Test func doublingThroughTheMemo_StaysSmall() throws {
        // Each list holds the one before ten times: 10^200 elements for those who copy.
        var opcodes: [UInt8] = [0x5D, 0x71, 0]
        for index in 0..<200 {
            opcodes += [0x28] + [UInt8](repeating: 0x68, count: 10).flatMap { [$0, UInt8(index)] } + [0x6C, 0x71, UInt8(index + 1)]
        }
        // What is left on the stack goes into one tuple.
        let document = try read([0x28] + opcodes + [0x74])
        #expect(document.lists.count == 201)
        #expect(document.lists.allSatisfy { $0.count <= 10 })
    }

    @Test func deepNesting_IsRefusedOrHarmless() throws {
        expectRefusal([UInt8](repeating: 0x28, count: 1 << 20), "nested deeper")
        expectRefusal([UInt8](repeating: 0x5D, count: 1 << 20), "nested deeper")
        // 50,000 lists in each other are legal; nothing walks or frees them recursively.
        let depth = 50_000
        let document = try read([UInt8](repeating: 0x5D, count: depth) + [UInt8](repeating: 0x61, count: depth - 1))
        #expect(document.lists.count == depth)
    }

    @Test func selfReference_IsNoCycle() throws {
        // d = {}; d["d"] = d; d["t"] = (d,)
        let opcodes = [0x7D, 0x71, 0] + PickleBuilder.text("d") + [0x68, 0, 0x73] + PickleBuilder.text("t") + [0x68, 0, 0x85, 0x73]
        let document = try read(opcodes)
        let error = #expect(throws: CheckpointError.self) { try document.stateDictionary(file: "m.pth") }
        #expect(error?.problem.contains("holds no tensors") == true)
        // The same under the name that is looked into.
        let nested = try read([0x7D, 0x71, 0] + PickleBuilder.text("model") + [0x68, 0, 0x73])
        #expect(throws: CheckpointError.self) { try nested.stateDictionary(file: "m.pth") }
    }

    @Test func stackMistakes_AreRefused() {
        for (opcodes, message) in [
            ([0x61], "value is missing"), ([0x65], "mark is missing"), ([0x4E, 0x28, 0x85], "value is missing"),
            ([0x7D, 0x28, 0x4E, 0x75], "key without a value"), ([0x4E, 0x4E], "ends with 2 values"), ([], "ends with 0 values"),
            ([0x4E, 0x28], "ends with 1"), ([0x4E, 0x4E, 0x61], "APPEND to None"), ([0x5D, 0x4E, 0x4E, 0x73], "SETITEM on a list"),
            ([0x4E, 0x29, 0x52], "REDUCE of None"), ([0x7D, 0x4E, 0x62], "BUILD of a dict from None"), ([0x4E, 0x51], "persistent ID"),
        ] as [([UInt8], String)] { expectRefusal(opcodes, message) }
    }

    @Test func knownNames_AreRefused_WhenMisused() {
        let b = PickleBuilder.self
        expectRefusal(b.global("collections", "OrderedDict") + b.text("x") + [0x85, 0x52], "OrderedDict with arguments")
        expectRefusal(b.global("torch", "FloatStorage") + [0x29, 0x52], "REDUCE of a storage class")
        expectRefusal(b.global("torch._utils", "_rebuild_tensor_v2") + [0x29, 0x52], "of other than (storage")
        expectRefusal(b.global("torch._utils", "_rebuild_parameter") + [0x4E, 0x4E, 0x4E, 0x87, 0x52], "of other than a tensor")
        expectRefusal(b.global("torch", "Size") + [0x4E, 0x85, 0x52], "of other than a tuple")
        expectRefusal(b.global("torch", "Size") + [0x4E, 0x52], "with None")
    }

    @Test(arguments: [
        ("outside at the end", 6, 1, [2, 3], [3, 1]), ("negative offset", 6, -1, [2, 3], [3, 1]), ("offset beyond", 6, 7, [0], [1]),
        ("negative stride", 6, 5, [6], [-1]), ("negative size", 6, 0, [-1], [1]), ("stride too far", 6, 0, [2], [6]),
        ("sizes that overflow", 6, 0, [1 << 32, 1 << 32], [1, 1]), ("strides that overflow", 6, 0, [3], [Int.max]),
        ("sum that overflows", 6, Int.max, [2], [Int.max]), ("size that overflows with stride 0", 6, 0, [Int.max, 3], [0, 0]),
        ("repeats", 6, 0, [1 << 40], [0]), ("fewer strides", 6, 0, [2, 3], [1]), ("too many dimensions", 6, 0, [Int](repeating: 1, count: 17), [Int](repeating: 1, count: 17)),
        ("negative count", -1, 0, [1], [1]), ("count that overflows in bytes", Int.max, 0, [1], [1]),
    ] as [(String, Int, Int, [Int], [Int])])
    func tensorOutsideItsStorage_IsRefused(_ what: String, _ count: Int, _ offset: Int, _ shape: [Int], _ strides: [Int]) {
        let error = #expect(throws: CheckpointError.self, "\(what)") {
            try read(PickleBuilder.tensor(count: count, offset: offset, shape: shape, strides: strides))
        }
        #expect(error?.file == "m.pth")
    }

    @Test func aStorageDescribedTwice_IsRefused() {
        let b = PickleBuilder.self
        let one = b.tensor(count: 6, shape: [6])
        expectRefusal(one + b.tensor(count: 7, shape: [6]) + [0x86], "described in two ways")
        expectRefusal(one + b.tensor(of: "HalfStorage", count: 6, shape: [6]) + [0x86], "described in two ways")
    }

    @Test func cutAnywhere_IsRefused() throws {
        let b = PickleBuilder.self
        let whole = b.pickle(b.dictionary([("a", b.tensor(count: 6, shape: [2, 3])), ("b", b.integer(1 << 40)), ("c", [0x47] + [UInt8](repeating: 1, count: 8))]))
        #expect(try read(whole, raw: true).end == whole.count)
        for length in 0..<whole.count {
            #expect(throws: CheckpointError.self, "\(length) bytes") { try read(Array(whole.prefix(length)), raw: true) }
        }
    }
}
