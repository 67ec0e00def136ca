import Imaging
import Testing
@testable import SegmentAnything
@testable import SelfPerception
@testable import Tensor

/// One base with and without an adapter in one session, as the cameras of a daemon use it.
@Suite(.enabled(if: Shared.has("golden/spt_tiny.safetensors"), Shared.missing("golden/spt_tiny.safetensors")))
struct AdapterTests {
    let base = Shared.path("golden/sam_tiny.safetensors")
    let adapter = Shared.path("golden/spt_tiny.safetensors")

    private func answer(_ session: SPTSession, _ picture: RGBImage) throws -> [Float] {
        session.display(picture, rect: PixelRect(picture.size))
        let prompt = Prompt(box: .init(left: 30, top: 20, right: 200, bottom: 150))
        return try #require(session.ask([prompt]).first).refined.values
    }

    @Test func session_GivesEachModelsAnswer_WhenItChangesBetweenThem() throws {
        let picture = try Golden("golden/forward.safetensors").image("image_u8")
        let plain = try answer(SPTSession(model: SPTModel(path: base), threads: 2), picture)
        let adapted = try answer(SPTSession(model: SPTModel(path: base, adapter: adapter), threads: 2), picture)
        #expect(plain != adapted)

        let models = try SPTModel.load(path: base, adapters: [adapter, adapter])
        let session = SPTSession(model: models.base, threads: 2)
        for _ in 0..<2 {
            session.use(models.base)
            #expect(try answer(session, picture) == plain)
            session.use(models.adapted[1])
            #expect(try answer(session, picture) == adapted)
        }
        #expect(models.adapted[0].hash == models.base.hash + "+" + (try SafeTensorsFile(path: adapter).contentHash()))
    }

    @Test func layers_AreInMemoryOnce_WhereAnAdapterLeavesThemAlone() throws {
        let models = try SPTModel.load(path: base, adapters: [adapter])
        let plain = try #require(models.base.encoder as? VisionTransformer), adapted = try #require(models.adapted[0].encoder as? VisionTransformer)
        for (one, other) in zip(plain.blocks, adapted.blocks) {
            #expect(one.widen.panels.pointer == other.widen.panels.pointer && one.output.panels.pointer == other.output.panels.pointer)
            #expect(one.qkv.panels.pointer != other.qkv.panels.pointer)
        }
    }

    @Test func model_ThatIsNoAdapter_IsRefusedAsOne() {
        let error = #expect(throws: CheckpointError.self) { try SPTModel(path: base, adapter: base) }
        #expect(error?.file == base && error?.problem.contains("lora_*") == true)
    }

    /// A base with an adapter in its file, and another for the decoders only: the encoder is shared, its low-rank keys included.
    @Test func decoderAdapter_GoesOverAnImportedOne() throws {
        let folder = try ScratchFolder()
        let imported = folder.path("imported.safetensors"), decoders = folder.path("decoders.safetensors")
        try ModelImporter(source: base, adapter: adapter).write(
            to: imported, type: .f32, overwrite: false, stamp: .init(program: "flawd test")) { _ in }
        let whole = try SafeTensorsFile(path: adapter)
        let entries = whole.entries.filter { $0.key.hasPrefix("draft_decoder.") }.sorted { $0.key < $1.key }
        let writer = try SafeTensorsWriter(
            path: decoders, plans: entries.map { .init(name: $0.key, type: .f32, shape: $0.value.shape) }, metadata: [:], overwrite: false)
        for (name, entry) in entries {
            let values = Tensor(rows: 1, columns: entry.shape.reduce(1, *))
            try whole.floats(name, into: values.pointer)
            _ = try writer.append(UnsafeBufferPointer(values.buffer))
        }
        try writer.finish()
        let models = try SPTModel.load(path: imported, adapters: [decoders])
        #expect(models.adapted.count == 1)
    }

    @Test func load_NamesTheAdapter_ThatDoesNotFit() {
        let error = #expect(throws: CheckpointError.self) { try SPTModel.load(path: SPTModel.embeddedName, adapters: [adapter]) }
        #expect(error?.file == adapter)
    }
}
