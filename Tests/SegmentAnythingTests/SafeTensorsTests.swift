import Foundation
import Testing
@testable import SegmentAnything

/// Files from outside: each wrong one is refused with a message that names it and what is wrong.
struct SafeTensorsTests {
    /// A file with the given header text and data, removed when the value goes.
    final class Fixture {
        let path: String

        init(header: String, data: [UInt8] = [], length: UInt64? = nil) throws {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString).safetensors").path
            var bytes = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) }
            bytes += Array(header.utf8) + data
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }

        init(copyOf file: URL) throws {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString).safetensors").path
            try FileManager.default.copyItem(atPath: file.path, toPath: path)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    static let two = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[2,1],"data_offsets":[8,12]}}"#
    static let twoData: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64, 0, 60, 0, 192]

    func floats(_ file: SafeTensorsFile, _ name: String, _ count: Int) throws -> [Float] {
        try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            try file.floats(name, into: #require(buffer.baseAddress))
            initialized = count
        }
    }

    @Test func goodFile_IsReadInEveryType() throws {
        let fixture = try Fixture(header: Self.two, data: Self.twoData)
        let file = try SafeTensorsFile(path: fixture.path)
        #expect(try floats(file, "a", 2) == [1, 2])
        #expect(try floats(file, "b", 2) == [1, -2])
        let brain = try Fixture(header: #"{"__metadata__":{"k":"v"},"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#, data: [128, 63, 64, 192])
        let other = try SafeTensorsFile(path: brain.path)
        #expect(try floats(other, "x", 2) == [1, -3])
        #expect(other.metadata == ["k": "v"])
    }

    @Test(arguments: [
        ("header too long for the file", #"{}"#, [], 100 as UInt64?, "header claims 100"),
        ("header over 16 MiB", #"{}"#, [], 1 << 40, "at most 16 MiB"),
        ("header length of all ones", #"{}"#, [], .max, "header claims"),
        ("not JSON", #"{"a":"#, [], nil, "not a JSON object"),
        ("an array", #"[]"#, [], nil, "not a JSON object"),
        ("a gap before the first", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, [UInt8](repeating: 0, count: 8), nil, "begins at byte 4"),
        ("overlap", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, [UInt8](repeating: 0, count: 8), nil, "begins at byte 4"),
        ("trailing bytes", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, [UInt8](repeating: 0, count: 5), nil, "end at byte 4 of 5"),
        ("cut data", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, [UInt8](repeating: 0, count: 7), nil, "outside the 7 bytes"),
        ("shape that is not the range", #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, [UInt8](repeating: 0, count: 8), nil, "takes 12"),
        ("shape that overflows", #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, [UInt8](repeating: 0, count: 8), nil, "larger than any file"),
        ("negative size", #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#, [UInt8](repeating: 0, count: 8), nil, "size -1"),
        ("fractional size", #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,6]}}"#, [UInt8](repeating: 0, count: 6), nil, "size 1.5"),
        ("offsets backwards", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, [UInt8](repeating: 0, count: 4), nil, "outside"),
        ("unknown type", #"{"a":{"dtype":"F8","shape":[4],"data_offsets":[0,4]}}"#, [UInt8](repeating: 0, count: 4), nil, "unknown dtype F8"),
        ("a key twice", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, [UInt8](repeating: 0, count: 4), nil, "twice"),
        ("metadata of numbers", #"{"__metadata__":{"a":1}}"#, [], nil, "strings only"),
    ] as [(String, String, [UInt8], UInt64?, String)])
    func badFile_IsRefusedByName(_ what: String, _ header: String, _ data: [UInt8], _ length: UInt64?, _ message: String) throws {
        let fixture = try Fixture(header: header, data: data, length: length)
        let error = #expect(throws: CheckpointError.self, "\(what)") { try SafeTensorsFile(path: fixture.path) }
        #expect(error?.file == fixture.path)
        #expect(error?.problem.contains(message) == true, "\(what): \(error?.problem ?? "")")
    }

    @Test func truncatedAnywhere_IsRefused() throws {
        let whole = try Fixture(header: Self.two, data: Self.twoData)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: whole.path))
        for length in 0..<bytes.count {
            try bytes.prefix(length).write(to: URL(fileURLWithPath: whole.path))
            #expect(throws: CheckpointError.self, "\(length) bytes") { try SafeTensorsFile(path: whole.path) }
        }
    }

    @Test(arguments: [[0, 0, 192, 127], [0, 0, 128, 255]] as [[UInt8]])
    func nanOrInfinity_IsRefused(_ bits: [UInt8]) throws {
        let fixture = try Fixture(header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: bits)
        let file = try SafeTensorsFile(path: fixture.path)
        let error = #expect(throws: CheckpointError.self) { try floats(file, "a", 1) }
        #expect(error?.problem.contains("NaN or infinity") == true)
    }

    @Test func foreignFiles_AreNamed() throws {
        for (start, name) in [([0x50, 0x4B, 3, 4], "zip"), ([0x80, 2, 0x8A, 0x0A], "pickle")] as [([UInt8], String)] {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try Data(start + [UInt8](repeating: 7, count: 100)).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: CheckpointError.self) { try SafeTensorsFile(path: path) }
            #expect(error?.problem.contains(name) == true)
        }
        let missing = #expect(throws: CheckpointError.self) { try SafeTensorsFile(path: "/nowhere/model.safetensors") }
        #expect(missing?.description.contains("/nowhere/model.safetensors") == true)
        #expect(throws: CheckpointError.self) { try SafeTensorsFile(path: "/") }
    }

    @Test(arguments: [
        (#"{}"#, "image_size is missing"), (#"{"image_size":"big"}"#, "image_size"), (#"not json"#, "config"),
        (#"{"image_size":512,"transformer_dim":256,"encoder":"resnet"}"#, "encoder"),
        (#"{"image_size":999999,"transformer_dim":256,"encoder":"lite0"}"#, "image_size is 999999"),
        (#"{"image_size":512,"transformer_dim":250,"encoder":"lite0"}"#, "transformer_dim 250"),
        (#"{"image_size":4096,"transformer_dim":256,"encoder":"lite0"}"#, "256×256 tokens"),
        (#"{"image_size":512,"transformer_dim":256}"#, "embed_dim is missing"),
        (#"{"image_size":512,"transformer_dim":256,"encoder":"lite0","pixel_std":[0,1,1]}"#, "pixel_std"),
        (#"{"image_size":512,"transformer_dim":256,"encoder":"lite0","decoder_heads":0}"#, "decoder_heads"),
    ])
    func badConfiguration_IsRefused(_ config: String, _ message: String) throws {
        let quoted = config.replacingOccurrences(of: "\"", with: "\\\"")
        let fixture = try Fixture(header: #"{"__metadata__":{"config":"\#(quoted)"}}"#)
        let file = try SafeTensorsFile(path: fixture.path)
        let error = #expect(throws: CheckpointError.self) { try ModelConfiguration(of: file) }
        #expect(error?.problem.contains(message) == true, "\(error?.problem ?? "")")
    }

    @Test func missingKey_IsNamedWithItsShape() throws {
        let fixture = try Fixture(header: #"{"__metadata__":{"config":"{\"image_size\":512,\"transformer_dim\":256,\"encoder\":\"lite0\"}"}}"#)
        let checkpoint = try Checkpoint(base: SafeTensorsFile(path: fixture.path))
        let error = #expect(throws: CheckpointError.self) { try checkpoint.imageEncoder() }
        #expect(error?.problem.contains("image_encoder.stem.weight is missing") == true)
        #expect(error?.problem.contains("[32, 3, 3, 3]") == true)
    }
}
