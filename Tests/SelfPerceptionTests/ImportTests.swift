import Foundation
import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// A folder of its own for what a test writes.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("flawd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// The published checkpoint and adapter in PyTorch's form become a model that answers as the published code does.
@Suite(.enabled(if: Shared.has("golden/sam_tiny.pth"), Shared.missing("golden/sam_tiny.pth")))
struct ImportTests {
    let folder: ScratchFolder
    let source = Shared.path("golden/sam_tiny.pth")
    let adapter = Shared.path("golden/spt_tiny.pth")

    init() throws { folder = try ScratchFolder() }

    @discardableResult
    func importModel(
        _ source: String, adapter: String? = nil, to name: String = "model.safetensors", type: ElementType = .f32, overwrite: Bool = false
    ) throws -> String {
        try ModelImporter(source: source, adapter: adapter).write(
            to: folder.path(name), type: type, overwrite: overwrite, stamp: .init(program: "flawd test")) { _ in }
        return folder.path(name)
    }

    func expectGolden(_ path: String, within tolerance: Float) throws {
        let golden = try Golden("golden/forward.safetensors"), model = try SPTModel(path: path)
        let session = SPTSession(model: model, threads: 2), image = try golden.image("image_u8")
        session.display(image, rect: PixelRect(image.size))
        let corners = try golden.floats("box")
        let inPixels = Prompt(box: .init(left: corners[0], top: corners[1], right: corners[2], bottom: corners[3]))
            .scaled(x: 300 / 256, y: 180 / 256)
        let answer = try #require(session.ask([inPixels]).first)
        expectClose(answer.draft.values, try golden.floats("box.draft"), within: tolerance, "draft")
        expectClose(answer.refined.values, try golden.floats("box.refined"), within: tolerance, "refined")
    }

    @Test func checkpointWithAdapter_AnswersAsPublished() throws {
        try expectGolden(importModel(source, adapter: adapter), within: 1e-4)
    }

    @Test func legacyForm_AnswersAsPublished() throws {
        let base = folder.path("base.pth"), lowRank = folder.path("adapter.pth")
        try LegacyForm.write(PyTorchFile(path: source), to: base)
        try LegacyForm.write(PyTorchFile(path: adapter), to: lowRank)
        try expectGolden(importModel(base, adapter: lowRank), within: 1e-4)
    }

    @Test func safetensors_AnswerAsPublished() throws {
        // Once the adapter is in, the file is imported again as it is: the configuration it carries is kept.
        let first = try importModel(source, adapter: adapter)
        try expectGolden(importModel(first, to: "again.safetensors"), within: 1e-4)
        let golden = Shared.path("golden/sam_tiny.safetensors"), other = Shared.path("golden/spt_tiny.safetensors")
        try expectGolden(importModel(golden, adapter: other, to: "golden.safetensors"), within: 1e-4)
    }

    @Test func halfPrecision_StaysNear() throws {
        // Logits here reach ±10; rounding weights to 11 bits moves them by some 1e-2, to 8 bits by eight times that.
        try expectGolden(importModel(source, adapter: adapter, type: .f16), within: 0.05)
        try expectGolden(importModel(source, adapter: adapter, to: "b", type: .bf16), within: 0.4)
        let file = try SafeTensorsFile(path: folder.path("model.safetensors"))
        #expect(file.entries["image_encoder.blocks.0.mlp.lin1.weight"]?.type == "F16")
        #expect(file.entries["image_encoder.blocks.0.mlp.lin1.bias"]?.type == "F32")
        #expect(file.entries["image_encoder.blocks.0.attn.qkv.lora_A"]?.type == "F32")
    }

    @Test func theFile_SaysWhereItCameFrom() throws {
        let path = try importModel(source, adapter: adapter)
        let model = try SPTModel(path: path)
        #expect(model.metadata["name"] == "SAM ViT, 4 blocks of 48 channels and 3 heads + SPT adapter")
        #expect(model.metadata["source"] == "sam_tiny.pth")
        #expect(try model.metadata["source_sha256"] == PyTorchFile(path: source).contentHash())
        #expect(model.metadata["adapter"] == "spt_tiny.pth")
        #expect(model.metadata["adapter_sha256"]?.count == 64)
        #expect(model.metadata["imported_by"] == "flawd test")
        #expect(model.metadata["dtype"] == "f32")
        #expect((model.configuration.resize, model.configuration.truncateInput) == (.stretch, true))
        #expect((model.configuration.loraRank, model.configuration.decoderMlpDim) == (4, 96))
        let plain = try SPTModel(path: importModel(source, to: "plain"))
        #expect((plain.configuration.resize, plain.configuration.truncateInput) == (.longestSide, false))
        #expect(plain.metadata["adapter"] == nil)
    }

    @Test func everyTensor_ArrivesBitForBit() throws {
        let file = try SafeTensorsFile(path: importModel(source, adapter: adapter))
        for (name, expected) in [("golden/sam_tiny.safetensors", 202), ("golden/spt_tiny.safetensors", 68)] {
            let golden = try SafeTensorsFile(path: Shared.path(name))
            #expect(golden.entries.count == expected)
            for (key, entry) in golden.entries {
                #expect(file.entries[key]?.shape == entry.shape, "\(key)")
                #expect(file.bytes(of: key).map { Array($0) } == golden.bytes(of: key).map { Array($0) }, "\(key)")
            }
        }
        #expect(file.entries.count == 270)
    }

    @Test func adapter_ComesOutAsItWentIn() throws {
        // Also through half precision: the adapter stays as it is.
        let model = try SafeTensorsFile(path: importModel(source, adapter: adapter, type: .f16))
        let result = try AdapterExport.write(model, to: folder.path("a.safetensors"), overwrite: false, program: "flawd test")
        #expect(result.tensorCount == 68)
        let out = try SafeTensorsFile(path: folder.path("a.safetensors"))
        let golden = try SafeTensorsFile(path: Shared.path("golden/spt_tiny.safetensors"))
        #expect(Set(out.entries.keys) == Set(golden.entries.keys))
        for key in golden.entries.keys { #expect(out.bytes(of: key).map { Array($0) } == golden.bytes(of: key).map { Array($0) }, "\(key)") }
        #expect(out.metadata["adapter"] == "spt_tiny.pth")
        #expect(throws: Never.self) { try SPTModel(path: Shared.path("golden/sam_tiny.safetensors"), adapter: out.path) }
        let plain = try SafeTensorsFile(path: importModel(source, to: "plain"))
        let error = #expect(throws: CheckpointError.self) {
            try AdapterExport.write(plain, to: folder.path("b"), overwrite: false, program: "")
        }
        #expect(error?.problem.contains("holds no lora_* keys") == true)
    }

    func expectRefusal(_ message: String, _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) { try body() }
        #expect(error?.problem.contains(message) == true, "\(error?.problem ?? "")", sourceLocation: sourceLocation)
    }

    @Test func mixedUpFiles_AreRefused() throws {
        expectRefusal("it is an SPT adapter") { try importModel(adapter) }
        expectRefusal("not part of an SPT adapter") { try importModel(source, adapter: source) }
        let both = try importModel(source, adapter: adapter)
        expectRefusal("holds an SPT adapter already") { try importModel(both, adapter: adapter, to: "x") }
        let nano = try SPTModel.embeddedPath()
        expectRefusal("one of flawd's own models") { try importModel(nano, to: "x") }
        expectRefusal("belong to another model") {
            let wide = folder.path("wide.pth")
            try LegacyForm.write(PyTorchFile(path: adapter), to: wide) { name, shape, values in
                name.hasSuffix("blocks.1.attn.qkv.lora_A") ? ([8, 24], Array(values[..<192])) : (shape, values)
            }
            try importModel(source, adapter: wide, to: "x")
        }
        #expect(try folder.names == ["model.safetensors", "wide.pth"])
    }

    @Test func notImported_IsSaid_WhereAModelIsAsked() throws {
        expectRefusal("flawd model import") { _ = try SPTModel(path: source) }
        let legacy = folder.path("legacy.pth")
        try LegacyForm.write(PyTorchFile(path: source), to: legacy)
        expectRefusal("flawd model import") { _ = try SPTModel(path: legacy) }
    }

    @Test func outputs_AreNotOverwritten_AndFailuresLeaveNothing() throws {
        let path = try importModel(source)
        expectRefusal("--force replaces it") { try importModel(source) }
        try importModel(source, adapter: adapter, overwrite: true)
        #expect(try SafeTensorsFile(path: path).entries.count == 270)
        let copy = folder.path("copy.pth")
        try FileManager.default.copyItem(atPath: source, toPath: copy)
        expectRefusal("over the checkpoint it comes from") { try importModel(copy, to: "copy.pth", overwrite: true) }
        expectRefusal("not a regular file") { try importModel(source, to: ".", overwrite: true) }
        #expect(throws: FileWriteError.self) { try importModel(source, to: "no/such/folder/x") }
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try ModelImporter(source: source).write(
                to: folder.path("stopped"), type: .f32, overwrite: false, stamp: .init(program: "")) { if $0 > 0.5 { throw Stop() } }
        }
        #expect(try folder.names == ["copy.pth", "model.safetensors"])
    }

    @Test func aDiskWithoutRoom_IsSaid_AndLeavesNothing() throws {
        // More than any file system gives: reserving the room fails before a byte is written.
        let plan = SafeTensorsWriter.Plan(name: "a", type: .f32, shape: [1 << 56])
        let error = #expect(throws: FileWriteError.self) {
            _ = try SafeTensorsWriter(path: folder.path("huge"), plans: [plan], metadata: [:], overwrite: false)
        }
        #expect(error?.problem.contains("bytes are needed") == true, "\(error?.problem ?? "")")
        #expect(try folder.names.isEmpty)
    }

    @Test func valuesBeyondHalf_AreAnErrorWithTheKey() throws {
        let large = folder.path("large.pth"), key = "mask_decoder.iou_token.weight"
        func write(_ value: Float) throws {
            try LegacyForm.write(PyTorchFile(path: source), to: large) { name, shape, values in
                (shape, name == key ? [value] + values.dropFirst() : values)
            }
        }
        try write(65504)
        try importModel(large, to: "fits", type: .f16)
        try write(-70000)
        expectRefusal("\(key) holds -70000.0, beyond what F16 can hold (65504)") { try importModel(large, type: .f16) }
        #expect(try folder.names == ["fits", "large.pth"])
        try importModel(large, type: .bf16)
        try write(.greatestFiniteMagnitude)
        expectRefusal("beyond what BF16 can hold") { try importModel(large, to: "b", type: .bf16) }
        try write(.nan)
        expectRefusal("\(key) holds NaN") { try importModel(large, to: "n") }
        #expect(try folder.names == ["fits", "large.pth", "model.safetensors"])
    }
}
