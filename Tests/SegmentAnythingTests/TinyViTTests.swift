import Foundation
import Testing
@testable import SegmentAnything
@testable import Tensor

/// A small TinyViT with random weights and random batch norm statistics, beside what the published code computes from the
/// same weights in double precision. Its windows do not divide its pictures, its last merging keeps the picture's size.
struct TinyViTTests {
    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
    static let side = 128

    let encoder: TinyViT
    let golden: SafeTensorsFile

    init() throws {
        let checkpoint = try Checkpoint(base: SafeTensorsFile(path: Self.fixtures.appendingPathComponent("tinyvit.safetensors").path))
        encoder = try TinyViT(checkpoint)
        try checkpoint.requireAllUsed()
        golden = try SafeTensorsFile(path: Self.fixtures.appendingPathComponent("tinyvit-golden.safetensors").path)
    }

    /// The input the goldens were made from: multiples of 1/64 from −2 to 2 that look like noise.
    static var input: Tensor {
        Tensor(
            rows: side * side, columns: 3,
            values: (0..<UInt32(3 * side * side)).map { Float(($0 &* 2_654_435_761) >> 24) / 64 - 2 })
    }

    /// Values reach 5. PyTorch's own result in single precision is up to 2e-6 away from the one in double precision, and
    /// `errorFunction` is good to 3e-7, so ten times that leaves room for another order of sums and none for another formula.
    func expectGolden(_ actual: Tensor, _ name: String) throws {
        let entry = try #require(golden.entries[name])
        #expect(entry.shape == [actual.rows, actual.columns], "\(name)")
        let expected = Tensor(rows: entry.shape[0], columns: entry.shape[1])
        try golden.floats(name, into: expected.pointer)
        let worst = zip(actual.buffer, expected.buffer).map { abs($0 - $1) }.reduce(0) { $0 >= $1 ? $0 : $1 }
        #expect(worst < 2e-5, "\(name): max |Δ| \(worst)")
    }

    @Test(arguments: [1, 3]) func everyStage_AgreesWithThePublishedCode(threads: Int) throws {
        let workspace = Workspace(threads: threads)
        var x = Tensor(rows: 32 * 32, columns: 8)
        encoder.stem(Self.input, size: Self.side, into: x, in: workspace)
        try expectGolden(x, "stem")
        for (index, stage) in encoder.stages.enumerated() {
            x = stage(x, in: workspace)
            try expectGolden(x, "stage\(index)")
            guard let merging = stage.merging else { continue }
            let out = merging.outputSize(stage.side), merged = Tensor(rows: out * out, columns: merging.project.outputs)
            merging(x, size: stage.side, into: merged, in: workspace)
            x = merged
        }
        let embedding = Tensor(rows: 8 * 8, columns: 16)
        encoder(Self.input, into: embedding, in: workspace)
        try expectGolden(embedding, "embedding")
    }

    @Test func encoder_IsBitIdentical_WhateverTheThreads() {
        let results = [1, 2, 8].map { threads in
            let workspace = Workspace(threads: threads), embedding = Tensor(rows: 64, columns: 16)
            workspace.pass { encoder(Self.input, into: embedding, in: workspace) }
            return Array(embedding.buffer)
        }
        #expect(results[0] == results[1])
        #expect(results[0] == results[2])
    }

    @Test func encoder_TakesNoMoreMemory_AfterItsFirstPass() {
        let workspace = Workspace(threads: 2), embedding = Tensor(rows: 64, columns: 16)
        encoder(Self.input, into: embedding, in: workspace)
        let planned = workspace.plannedBytes
        for _ in 0..<3 { encoder(Self.input, into: embedding, in: workspace) }
        #expect(workspace.plannedBytes == planned)
    }

    @Test func strides_FollowFromTheEmbeddings() throws {
        let stages = try configuration([:]).tinyViTStages()
        #expect(stages.map(\.side) == [256, 128, 64, 64])
        #expect(stages.map(\.mergeStride) == [2, 2, 1, nil])
        #expect(try configuration(["embedding_stride": 32]).tinyViTStages().map(\.side) == [256, 128, 64, 32])
    }

    // MARK: Bad files

    /// MobileSAM's sizes with changes.
    private func configuration(_ changes: [String: Any]) throws -> ModelConfiguration {
        var config: [String: Any] = [
            "encoder": "tinyvit", "image_size": 1024, "embedding_stride": 16, "transformer_dim": 256,
            "embed_dims": [64, 128, 160, 320], "depths": [2, 2, 6, 2], "heads": [2, 4, 5, 10],
            "window_sizes": [7, 7, 14, 7], "mlp_ratio": 4,
        ]
        for (key, value) in changes { config[key] = value is NSNull ? nil : value }
        let text = String(decoding: try JSONSerialization.data(withJSONObject: config), as: UTF8.self)
        let metadata = try JSONSerialization.data(withJSONObject: ["__metadata__": ["config": text]])
        let fixture = try SafeTensorsTests.Fixture(header: String(decoding: metadata, as: UTF8.self))
        return try ModelConfiguration(of: SafeTensorsFile(path: fixture.path))
    }

    @Test(arguments: [
        ("a missing list", #"{"heads": null}"#, "embed_dims, depths, heads, window_sizes and mlp_ratio"),
        ("lists of two lengths", #"{"depths": [2, 2, 6]}"#, "depths has 3"),
        ("no stage", #"{"embed_dims": [], "depths": [], "heads": [], "window_sizes": []}"#, "1 to 8 stages"),
        ("a negative width", #"{"embed_dims": [64, 128, -160, 320]}"#, "embed_dims holds -160"),
        ("an enormous depth", #"{"depths": [2, 2, 4611686018427387904, 2]}"#, "depths holds 4611686018427387904"),
        ("an odd width", #"{"embed_dims": [64, 128, 161, 320]}"#, "161, which is no multiple of 8"),
        ("no heads", #"{"heads": [2, 4, 0, 10]}"#, "heads holds 0"),
        ("heads that do not divide", #"{"heads": [2, 4, 7, 10]}"#, "embed_dims 160 does not divide by heads 7"),
        ("a window of 0", #"{"window_sizes": [7, 0, 14, 7]}"#, "window_sizes holds 0"),
        ("an enormous window", #"{"window_sizes": [7, 7, 1000000, 7]}"#, "window_sizes holds 1000000"),
        ("a ratio of 0", #"{"mlp_ratio": 0}"#, "mlp_ratio is 0"),
        ("half a ratio", #"{"mlp_ratio": 0.5}"#, "mlp_ratio: 0.5 is no whole number"),
        ("a stride no merging gives", #"{"embedding_stride": 64}"#, "4, 8, 16, 32"),
        ("a stride below the stem's", #"{"embedding_stride": 8, "image_size": 4}"#, "image_size is 4"),
        ("a stride that is no power of two", #"{"embedding_stride": 12, "image_size": 1020}"#, "4, 8, 16, 32"),
        ("a picture too large", #"{"image_size": 2048, "embed_dims": [1024, 128, 160, 320]}"#, "stage 0 has 512×512 tokens"),
    ])
    func badConfiguration_IsRefused(_ what: String, _ changes: String, _ message: String) throws {
        let changes = try #require(try JSONSerialization.jsonObject(with: Data(changes.utf8)) as? [String: Any])
        let error = #expect(throws: CheckpointError.self, "\(what)") { try configuration(changes) }
        #expect(error?.problem.contains(message) == true, "\(what): \(error?.problem ?? "")")
    }

    /// The fixture with one tensor's bytes replaced.
    private func damaged(_ key: String, _ change: (inout [UInt8], Range<Int>) -> Void) throws -> CheckpointError? {
        let path = Self.fixtures.appendingPathComponent("tinyvit.safetensors").path
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let length = try #require(bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) } as Int?)
        let header = try #require(try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any])
        let entry = try #require(header[key] as? [String: Any]), offsets = try #require(entry["data_offsets"] as? [Int])
        change(&bytes, 8 + length + offsets[0]..<8 + length + offsets[1])
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString).safetensors")
        try Data(bytes).write(to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        return #expect(throws: CheckpointError.self) { try TinyViT(Checkpoint(base: SafeTensorsFile(path: copy.path))) }
    }

    @Test func negativeVariance_IsRefusedByName() throws {
        let key = "image_encoder.layers.0.blocks.0.conv2.bn.running_var"
        // −2 in half precision.
        let error = try damaged(key) { bytes, range in bytes[range.lowerBound + 1] = 0xC0; bytes[range.lowerBound] = 0 }
        #expect(error?.problem == "\(key) holds -2.0; a variance is 0 or more")
    }

    @Test func biasTableOfAnotherWindow_IsRefusedByName() throws {
        let path = Self.fixtures.appendingPathComponent("tinyvit.safetensors").path
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let text = Array(#"window_sizes\": [7, 7, 4, 5]"#.utf8)
        let place = try #require(bytes.firstRange(of: text))
        bytes[place.lowerBound + 17] = UInt8(ascii: "8")
        bytes[place.lowerBound + 20] = UInt8(ascii: "8")
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString).safetensors")
        try Data(bytes).write(to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let error = #expect(throws: CheckpointError.self) { try TinyViT(Checkpoint(base: SafeTensorsFile(path: copy.path))) }
        #expect(error?.problem.contains("layers.1.blocks.0.attn.attention_biases has shape [1, 49]") == true, "\(error?.problem ?? "")")
    }
}
