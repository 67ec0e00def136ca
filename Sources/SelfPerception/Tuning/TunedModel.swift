import Foundation
import SegmentAnything
import Tensor

/// Writes what was tuned: an adapter of `lora_*` keys that names its base, or a whole model.
struct TunedModel {
    let base: SafeTensorsFile
    /// Where the run started from; nil: from the base alone.
    let adapter: SafeTensorsFile?
    let model: SPTModel
    let parameters: ParameterSet
    let settings: TuningSettings
    /// Over `model`: the passes that inspect on a line.
    let session: SPTSession

    /// Of the metadata: the epoch that the weights are of.
    static let epochKey = "epoch"
    private static let settingsKey = "tuning"

    /// - Parameters:
    ///   - notes: further metadata: on what it was tuned, and how well it did.
    ///   - program: what writes, for the metadata.
    func write(to path: String, overwrite: Bool, notes: [String: String], program: String) throws {
        var metadata = notes
        metadata["tuned_by"] = program
        metadata[Self.settingsKey] = try Self.text(settings)
        if settings.target.method.makesAdapter {
            metadata[AdapterBase.hashKey] = base.contentHash()
            metadata[AdapterBase.nameKey] = base.metadata["name"] ?? (base.path as NSString).lastPathComponent
            metadata[AdapterBase.alphaKey] = "\(model.configuration.vattAlpha)"
            metadata[AdapterParity.key] = try AdapterParity(session).text
            try withAdapter { try SafeTensorsWriter.write($0, metadata: metadata, to: path, overwrite: overwrite) }
        } else {
            metadata.merge(base.metadata) { new, _ in new }
            metadata["tuned_from_sha256"] = model.hash
            metadata["config"] = try Self.text(model.configuration)
            try withWholeModel { try SafeTensorsWriter.write($0, metadata: metadata, to: path, overwrite: overwrite) }
        }
    }

    /// Whether a file was written by a run with these settings.
    func isOwn(_ file: SafeTensorsFile) -> Bool { (try? Self.text(settings)) == file.metadata[Self.settingsKey] }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func stored(_ parameter: Parameter, type: ElementType) -> StoredTensor {
        StoredTensor(name: parameter.name, type: type, shape: parameter.shape, values: UnsafeBufferPointer(parameter.value.buffer))
    }

    /// A whole model's tensors keep the types that they have in the base.
    private func storedType(of name: String) -> ElementType {
        let type = base.entries[name].flatMap { ElementType(rawValue: $0.type) }
        return type == .f16 || type == .bf16 ? type ?? .f32 : .f32
    }

    /// Calls `body` while what was trained is rounded as the file will hold it, so that what is measured is what is written.
    /// Layers take over nothing until they are told to.
    func withStoredPrecision<Result>(_ refresh: () -> Void, _ body: () throws -> Result) rethrows -> Result {
        let rounded = settings.target.method.makesAdapter ? [] : parameters.trainable.filter { storedType(of: $0.name) != .f32 }
        let exact = rounded.map { Array($0.value.buffer) }
        for parameter in rounded {
            let type = storedType(of: parameter.name)
            for index in 0..<parameter.value.count { parameter.value.pointer[index] = type.rounded(parameter.value.pointer[index]) }
        }
        if !rounded.isEmpty { refresh() }
        defer {
            for (parameter, values) in zip(rounded, exact) { _ = parameter.value.buffer.update(fromContentsOf: values) }
            if !rounded.isEmpty { refresh() }
        }
        return try body()
    }

    /// What was trained, and what else the adapter held that the run started from.
    private func withAdapter(_ body: ([StoredTensor]) throws -> Void) throws {
        var tensors = parameters.trainable.map { Self.stored($0, type: .f32) }, memory: [Tensor] = []
        let trained = Set(parameters.trainable.map(\.name))
        for (name, entry) in adapter?.entries ?? [:] where !trained.contains(name) {
            let values = Tensor(rows: 1, columns: entry.shape.reduce(1, *))
            try adapter?.floats(name, into: values.pointer)
            memory.append(values)
            tensors.append(StoredTensor(name: name, type: .f32, shape: entry.shape, values: UnsafeBufferPointer(values.buffer)))
        }
        try withExtendedLifetime(memory) { try body(tensors) }
    }

    /// Every tensor of the base, the trained ones in its place. Low-rank updates were merged when the model was read.
    private func withWholeModel(_ body: ([StoredTensor]) throws -> Void) throws {
        var tensors: [StoredTensor] = [], memory: [Tensor] = []
        let trained = Set(parameters.trainable.map(\.name))
        for parameter in parameters.trainable { tensors.append(Self.stored(parameter, type: storedType(of: parameter.name))) }
        // An adapter's updates are merged; its scales are tensors of their own.
        let scales = (adapter?.entries ?? [:]).filter { $0.key.hasSuffix(".lora_sim_scale") }
        for (name, entry) in base.entries.merging(scales, uniquingKeysWith: { base, _ in base }) where !trained.contains(name) && !name.hasSuffix(".lora_A") && !name.hasSuffix(".lora_B") {
            let values: Tensor, known = parameters.value(named: name)
            if let known {
                values = known
            } else {
                values = Tensor(rows: 1, columns: entry.shape.reduce(1, *))
                try base.floats(name, into: values.pointer)
            }
            memory.append(values)
            tensors.append(StoredTensor(name: name, type: storedType(of: name), shape: entry.shape, values: UnsafeBufferPointer(values.buffer)))
        }
        try withExtendedLifetime(memory) { try body(tensors) }
    }
}
