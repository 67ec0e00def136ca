import Foundation

/// Takes an SPT adapter out of a model that holds it unmerged.
public enum AdapterExport {
    public struct Result: Sendable {
        public let tensorCount: Int
        public let metadata: [String: String]
        public let byteCount: Int
    }

    /// Writes the `lora_*` tensors of `model`, in F32, unmerged.
    public static func write(_ model: SafeTensorsFile, to path: String, overwrite: Bool, program: String) throws -> Result {
        let tensors = model.tensors.filter { LowRankKey.isLowRank($0.key) }
        guard !tensors.isEmpty else {
            throw CheckpointError(file: model.path, problem: "holds no lora_* keys, so there is no adapter in it; `flawd model import --adapter` makes models that do")
        }
        guard !model.isSameFile(as: path) else {
            throw CheckpointError(file: path, problem: "would be written over the model it comes from; --output names another file")
        }
        var metadata = ["exported_from": (model.path as NSString).lastPathComponent, "exported_from_sha256": model.contentHash()]
        for key in ["name", "adapter", "adapter_sha256", "source", "source_sha256"] { metadata[key] = model.metadata[key] }
        metadata["exported_by"] = program
        metadata["exported_at"] = Date().ISO8601Format()
        let plans = tensors.sorted { $0.key < $1.key }.map { SafeTensorsWriter.Plan(name: $0.key, type: .f32, shape: $0.value.shape) }
        let writer = try SafeTensorsWriter(path: path, plans: plans, metadata: metadata, overwrite: overwrite)
        for plan in plans {
            var values = [Float](repeating: 0, count: plan.shape.reduce(1, *))
            try values.withUnsafeMutableBufferPointer { buffer in
                if let base = buffer.baseAddress { try model.floats(plan.name, into: base) }
            }
            _ = try values.withUnsafeBufferPointer { try writer.append($0) }
        }
        try writer.finish()
        return Result(tensorCount: tensors.count, metadata: metadata, byteCount: writer.byteCount)
    }
}
