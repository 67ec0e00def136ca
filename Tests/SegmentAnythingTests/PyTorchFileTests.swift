import Foundation
import Testing
@testable import SegmentAnything

/// PyTorch files of both forms: right ones give their numbers, wrong ones are refused by name.
struct PyTorchFileTests {
    typealias B = PickleBuilder

    func floats(_ file: PyTorchFile, _ name: String) throws -> [Float] {
        let count = try #require(file.tensors[name]).count
        var values = [Float](repeating: .nan, count: max(count, 1))
        try values.withUnsafeMutableBufferPointer { try file.floats(name, into: #require($0.baseAddress)) }
        return Array(values.prefix(count))
    }

    func expectRefusal(
        _ bytes: [UInt8], _ message: String, _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let file = try ScratchFile(bytes)
        let error = #expect(throws: CheckpointError.self, "\(what)", sourceLocation: sourceLocation) { try PyTorchFile(path: file.path) }
        #expect(error?.file == file.path, sourceLocation: sourceLocation)
        #expect(error?.problem.contains(message) == true, "\(what): \(error?.problem ?? "")", sourceLocation: sourceLocation)
    }

    @Test(arguments: TorchFixtures.Form.allCases)
    func whatTorchSaved_IsRead(_ form: TorchFixtures.Form) throws {
        let scratch = try ScratchFile(TorchFixtures.bytes(form))
        let file = try scratch.open()
        #expect(Set(file.tensors.keys) == Set(TorchFixtures.expected.keys).union(["counter"]))
        for (name, (shape, values)) in TorchFixtures.expected {
            #expect(file.tensors[name]?.shape == shape, "\(name)")
            #expect(try floats(file, name) == values, "\(name)")
            #expect(try floats(file, name) == values, "\(name), read again")
        }
        let error = #expect(throws: CheckpointError.self) { try floats(file, "counter") }
        #expect(error?.problem.contains("counter is I64") == true)
        #expect(throws: CheckpointError.self) { try withUnsafeTemporaryAllocation(of: Float.self, capacity: 1) { try file.floats("nobody", into: #require($0.baseAddress)) } }
    }

    @Test(arguments: TorchFixtures.Form.allCases)
    func whatTorchSaved_IsRefused_WhenCutAnywhere(_ form: TorchFixtures.Form) throws {
        let bytes = try TorchFixtures.bytes(form), scratch = try ScratchFile(bytes)
        for length in (1..<bytes.count).reversed() {
            #expect(truncate(scratch.path, off_t(length)) == 0)
            #expect(throws: CheckpointError.self, "\(length) bytes") { try PyTorchFile(path: scratch.path) }
        }
    }

    /// 6 numbers: 0 to 5.
    static let six = (0..<6).flatMap { PickleBuilder.little(Float($0).bitPattern) }
    static let stateDict = PickleBuilder.dictionary([("a", PickleBuilder.tensor(count: 6, shape: [2, 3]))])

    @Test func stateDict_IsFound_AtTheRootOrOneLevelDown() throws {
        func names(_ object: [UInt8]) throws -> [String] {
            let zip = ZipBuilder(pickle: B.pickle(object), storages: [("0", Self.six)])
            return try ScratchFile(zip.bytes).open().tensors.keys.sorted()
        }
        #expect(try names(Self.stateDict) == ["a"])
        #expect(try names(B.dictionary([("epoch", B.integer(3)), ("state_dict", Self.stateDict)])) == ["a"])
        #expect(try names(B.dictionary([("model", Self.stateDict), ("optimizer", [0x7D])])) == ["a"])
        let tensor = B.tensor(count: 6, shape: [6])
        #expect(try names(B.dictionary([("module.a", tensor), ("module.b", tensor)])) == ["a", "b"])
        #expect(try names(B.dictionary([("module.a", tensor), ("b", tensor), ("c", B.text("no tensor"))])) == ["b", "module.a"])
    }

    @Test func otherObjects_AreRefused() throws {
        func zip(_ object: [UInt8]) -> [UInt8] { ZipBuilder(pickle: B.pickle(object), storages: [("0", Self.six)]).bytes }
        try expectRefusal(zip(B.tensor(count: 6, shape: [6])), "holds a tensor where a state dict")
        try expectRefusal(zip([0x5D]), "holds a list where")
        try expectRefusal(zip(B.dictionary([("net", Self.stateDict)])), "it holds net")
        try expectRefusal(zip([0x7D]), "it holds nothing")
        let twice = B.dictionary([("a", B.tensor(count: 6, shape: [6])), ("a", B.tensor(count: 6, shape: [6]))])
        try expectRefusal(zip(twice), "holds a twice")
        let many = B.dictionary((0..<500).map { ("k\($0)", B.tensor(count: 6, shape: [6])) })
        #expect(throws: Never.self) { try ScratchFile(zip(many)).open() }
        // 30 kB of numbers, 500 times over, in a file that is only a little larger.
        let large = [UInt8](repeating: 0, count: 400_000)
        let sharing = B.dictionary((0..<500).map { ("k\($0)", B.tensor(count: 100_000, shape: [100_000])) })
        try expectRefusal(ZipBuilder(pickle: B.pickle(sharing), storages: [("0", large)]).bytes, "more than four times the file")
    }

    @Test func storages_MustBeThere_AndAsLongAsSaid() throws {
        let pickle = B.pickle(Self.stateDict)
        try expectRefusal(ZipBuilder(pickle: pickle).bytes, "storage 0 is not in the archive")
        try expectRefusal(ZipBuilder(pickle: pickle, storages: [("0", Array(Self.six.dropLast(4)))]).bytes, "has 20 bytes")
        try expectRefusal(ZipBuilder(pickle: pickle, storages: [("0", Self.six + [0])]).bytes, "has 25 bytes")
        let escaping = B.dictionary([("a", B.tensor(storage: "../data.pkl", count: 6, shape: [6]))])
        try expectRefusal(ZipBuilder(pickle: B.pickle(escaping), storages: [("0", Self.six)]).bytes, "is not in the archive")
        try expectRefusal(ZipBuilder(pickle: pickle + [0], storages: [("0", Self.six)]).bytes, "something follows the pickle")
    }

    @Test func nanAndInfinity_AreRefused() throws {
        for value in [Float.nan, .infinity, -.infinity] {
            let numbers = Array(Self.six.dropLast(4)) + B.little(value.bitPattern)
            let scratch = try ScratchFile(ZipBuilder(pickle: B.pickle(Self.stateDict), storages: [("0", numbers)]).bytes)
            let file = try scratch.open()
            let error = #expect(throws: CheckpointError.self) { try floats(file, "a") }
            #expect(error?.problem.contains("a holds NaN, infinity") == true)
        }
    }

    @Test func legacyMistakes_AreRefused() throws {
        let object = B.dictionary([("a", B.tensor(count: 6, shape: [2, 3], legacy: true))])
        let good = LegacyBuilder.bytes(object, storages: [("0", 6, Self.six)])
        #expect(try floats(ScratchFile(good).open(), "a") == [0, 1, 2, 3, 4, 5])
        try expectRefusal(LegacyBuilder.bytes(object, storages: [("0", 6, Self.six)], littleEndian: false), "big-endian")
        try expectRefusal(LegacyBuilder.bytes(object, storages: [("0", 5, Self.six)]), "not as long as its pickle says")
        try expectRefusal(LegacyBuilder.bytes(object, storages: [("0", -1, Self.six)]), "not as long as its pickle says")
        try expectRefusal(LegacyBuilder.bytes(object, storages: [("0", .max, Self.six)]), "not as long as its pickle says")
        try expectRefusal(LegacyBuilder.bytes(object, storages: [], keys: []), "storage 0 is not in the file")
        try expectRefusal(LegacyBuilder.bytes(object, storages: [("9", 6, Self.six)]), "does not mention")
        try expectRefusal(LegacyBuilder.bytes(object, storages: [("0", 6, Self.six), ("0", 6, Self.six)]), "or one twice")
        try expectRefusal(good + [0], "something follows its last storage")
        try expectRefusal(B.pickle(Self.stateDict), "pickle that torch.save did not write")
        try expectRefusal(LegacyBuilder.magic + B.pickle(B.integer(1002)), "not 1001")
    }

    @Test(arguments: [
        ("a web page", Array("<!DOCTYPE html><html>Sign in".utf8), "web page"), ("a web page after spaces", Array("\n <HTML>".utf8), "web page"),
        ("git-lfs", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0".utf8), "git-lfs pointer"),
        ("ONNX", [8, 8, 0x12, 7] + [UInt8](repeating: 0x70, count: 40), "ONNX"), ("NumPy", [0x93] + Array("NUMPY".utf8), "NumPy"),
        ("tar", [UInt8](repeating: 0x30, count: 257) + Array("ustar".utf8), "tar archive"), ("gzip", [0x1F, 0x8B, 8, 0], "gzip"),
        ("GGUF", Array("GGUF\u{3}".utf8), "GGUF"), ("HDF5", [0x89, 0x48, 0x44, 0x46], "HDF5"), ("JSON", Array("{\"a\": 1, \"b\": 2}".utf8), "JSON"),
        ("PNG", [0x89, 0x50, 0x4E, 0x47, 13], "picture"), ("noise", [7, 7, 7, 7, 7, 7, 7, 7], "no checkpoint, or a damaged one"),
        ("one byte", [0], "no checkpoint"), ("protocol 4", [0x80, 4, 0x95] + [UInt8](repeating: 0, count: 30), "torch.save did not write"),
    ] as [(String, [UInt8], String)])
    func foreignFiles_AreNamed(_ what: String, _ bytes: [UInt8], _ name: String) throws {
        try expectRefusal(bytes, name, what)
        let file = try ScratchFile(bytes)
        let error = #expect(throws: CheckpointError.self) { try file.open() }
        #expect(error?.problem.contains("is expected") == true)
    }

    @Test func emptyOrMissing_IsSaid() throws {
        let empty = try ScratchFile()
        #expect(FileManager.default.createFile(atPath: empty.path, contents: nil))
        try expectMessage("is empty") { try empty.open() }
        try expectMessage("cannot open") { try PyTorchFile(path: "/nowhere/sam.pth") }
        try expectMessage("not a regular file") { try PyTorchFile(path: "/") }
    }

    func expectMessage(_ message: String, _ body: () throws -> PyTorchFile) throws {
        let error = #expect(throws: CheckpointError.self) { try body() }
        #expect(error?.problem.contains(message) == true, "\(error?.problem ?? "")")
    }
}
