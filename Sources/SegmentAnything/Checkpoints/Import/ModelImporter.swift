import Foundation

/// Makes one safetensors file with a `config` of a published checkpoint, perhaps with an SPT adapter.
///
/// Everything is found out and checked in ``init(source:adapter:)``, from keys and shapes alone; ``write(to:type:overwrite:stamp:progress:)``
/// then passes the tensors through one by one. The adapter's tensors stay apart (they are merged when a model is loaded),
/// so that they can be taken out again.
public struct ModelImporter {
    public let configuration: ModelConfiguration
    /// Such as "SAM ViT-B + SPT adapter".
    public let name: String
    /// Tensors that published files hold and no forward pass needs.
    public let leftOut: [String]
    /// Tensors that will be written.
    public var tensorCount: Int { parts.count }

    let source: any TensorSource
    let adapter: (any TensorSource)?
    private let parts: [Part]

    /// A tensor on its way.
    private struct Part {
        var name: String
        var shape: [Int]
        var file: any TensorSource
    }

    public init(source path: String, adapter adapterPath: String? = nil) throws(CheckpointError) {
        let source = try TensorFile.open(path)
        var adapter: (any TensorSource)?
        if let adapterPath { adapter = try TensorFile.open(adapterPath) }
        let shapes = source.tensors.mapValues(\.shape)
        let base = shapes.filter { !LowRankKey.isLowRank($0.key) }
        let ownLowRank = shapes.filter { LowRankKey.isLowRank($0.key) }
        if let adapter, !ownLowRank.isEmpty, !base.isEmpty {
            throw CheckpointError(file: path, problem: "holds an SPT adapter already (\(ownLowRank.count) lora_* keys), so \(adapter.path) cannot be added")
        }
        let adapted = adapter != nil || !ownLowRank.isEmpty
        let configuration = try Self.configuration(of: source, base.isEmpty ? shapes : base, adapted: adapted)
        let layout = CheckpointLayout(configuration, refined: base.keys.contains { $0.hasPrefix("draft_decoder.") })
        leftOut = try CheckpointComparison(file: path, layout: layout, configuration: configuration).check(base)
        let lowRank = LowRankComparison(layout: layout, configuration: configuration)
        try lowRank.check(ownLowRank, file: path)
        var added: [String: [Int]] = [:]
        if let adapter {
            added = adapter.tensors.mapValues(\.shape)
            guard !added.isEmpty else { throw CheckpointError(file: adapter.path, problem: "holds no tensors; an SPT adapter (lora_* keys) is expected") }
            try lowRank.check(added, file: adapter.path)
        }
        var complete = configuration
        complete.loraRank = LowRankComparison.rank(adapter == nil ? ownLowRank : added)
        self.configuration = complete
        self.source = source
        self.adapter = adapter
        name = configuration.architectureName + (adapted ? " + SPT adapter" : "")
        let needless = Set(leftOut)
        var parts = shapes.filter { !needless.contains($0.key) }.map { Part(name: $0.key, shape: $0.value, file: source) }
        if let adapter { parts += added.map { Part(name: $0.key, shape: $0.value, file: adapter) } }
        self.parts = parts
    }

    /// A file that flawd has made says itself what it is; others are asked by their shapes.
    private static func configuration(
        of source: any TensorSource, _ shapes: [String: [Int]], adapted: Bool
    ) throws(CheckpointError) -> ModelConfiguration {
        guard let file = source as? SafeTensorsFile, file.metadata["config"] != nil else {
            var configuration = try ArchitectureDetector(file: source.path, shapes: shapes).configuration(adapted: adapted)
            if let mean = try source.triple("pixel_mean") { configuration.pixelMean = mean }
            if let deviation = try source.triple("pixel_std") { configuration.pixelStd = deviation }
            guard configuration.hasSoundPixels else {
                throw CheckpointError(file: source.path, problem: "pixel_std is \(configuration.pixelStd); three numbers above 0 are needed")
            }
            return configuration
        }
        var configuration = try ModelConfiguration(of: file)
        guard configuration.encoder != .lite0 else {
            throw CheckpointError(file: file.path, problem: "is one of flawd's own models already: use it as it is, with --model (and --adapter)")
        }
        if adapted {
            configuration.resize = .stretch
            configuration.truncateInput = true
        }
        return configuration
    }

    /// What an import says of itself in the file's metadata.
    public struct Stamp {
        /// The program that does it, such as "flawd" and its hash.
        public var program: String
        public var date: Date

        public init(program: String, date: Date = Date()) {
            self.program = program
            self.date = date
        }
    }

    public struct Result: Sendable {
        public let metadata: [String: String]
        public let byteCount: Int
    }

    /// - Parameters:
    ///   - type: how matrices are stored. Vectors, the code of positions and the adapter stay F32: they are a thousandth of
    ///     the numbers, and an adapter can be taken out as it came in.
    ///   - progress: told the part done, 0…1; an error it throws ends the import, and nothing is left.
    /// - Throws: ``CheckpointError`` naming the key; ``FileWriteError``; what `progress` throws.
    @discardableResult
    public func write(
        to path: String, type: ElementType, overwrite: Bool, stamp: Stamp, progress: (Double) throws -> Void
    ) throws -> Result {
        for file in [source, adapter].compactMap({ $0 }) where file.isSameFile(as: path) {
            throw CheckpointError(file: path, problem: "would be written over the checkpoint it comes from; --output names another file")
        }
        try OutputFile.requireFree(path, overwrite: overwrite)
        try progress(0)
        let metadata = try metadata(type: type, stamp: stamp)
        var plans = parts.map { part in
            (part: part, plan: SafeTensorsWriter.Plan(name: part.name, type: Self.type(of: part.name, part.shape, matrices: type), shape: part.shape))
        }
        plans.sort { ($1.plan.type.size, $0.plan.name) < ($0.plan.type.size, $1.plan.name) }
        let writer = try SafeTensorsWriter(path: path, plans: plans.map(\.plan), metadata: metadata, overwrite: overwrite)
        let total = Double(max(parts.reduce(0) { $0 + $1.shape.reduce(1, *) }, 1))
        var done = 0, values: [Float] = []
        for (part, plan) in plans {
            let count = part.shape.reduce(1, *)
            if values.count < count { values = [Float](repeating: 0, count: count) }
            let unfit = try values.withUnsafeMutableBufferPointer { buffer in
                if let base = buffer.baseAddress, count > 0 { try part.file.floats(part.name, into: base) }
                return try writer.append(UnsafeBufferPointer(rebasing: buffer[..<count]))
            }
            if let unfit {
                throw CheckpointError(
                    file: part.file.path,
                    problem: "\(part.name) holds \(unfit), beyond what \(plan.type.rawValue) can hold\(plan.type == .f16 ? " (65504)" : ""); import it with --dtype f32\(plan.type == .f16 ? " or bf16" : "")")
            }
            done += count
            try progress(Double(done) / total)
        }
        try writer.finish()
        return Result(metadata: metadata, byteCount: writer.byteCount)
    }

    private static func type(of name: String, _ shape: [Int], matrices: ElementType) -> ElementType {
        let exact = shape.count < 2 || LowRankKey.isLowRank(name) || name.hasSuffix("positional_encoding_gaussian_matrix")
        return exact ? .f32 : matrices
    }

    private func metadata(type: ElementType, stamp: Stamp) throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // What the source says of itself (a licence) stays; of an import that is imported again, what it came from changes.
        var metadata = source.metadata.filter { $0.key != "format" }
        metadata["config"] = String(decoding: try encoder.encode(configuration), as: UTF8.self)
        metadata["name"] = name
        metadata["source"] = (source.path as NSString).lastPathComponent
        metadata["source_sha256"] = source.contentHash()
        if let adapter {
            metadata["adapter"] = (adapter.path as NSString).lastPathComponent
            metadata["adapter_sha256"] = adapter.contentHash()
        }
        metadata["dtype"] = type.rawValue.lowercased()
        metadata["imported_by"] = stamp.program
        metadata["imported_at"] = stamp.date.ISO8601Format()
        return metadata
    }
}

extension TensorSource {
    /// A tensor of three numbers; nil where there is none.
    fileprivate func triple(_ name: String) throws(CheckpointError) -> [Float]? {
        guard let tensor = tensors[name] else { return nil }
        guard tensor.count == 3 else { throw CheckpointError(file: path, problem: "\(name) has shape \(tensor.shape); three numbers are expected") }
        var values: [Float] = [0, 0, 0]
        let problem = values.withUnsafeMutableBufferPointer { buffer -> CheckpointError? in
            guard let base = buffer.baseAddress else { return nil }
            do throws(CheckpointError) { try floats(name, into: base) } catch { return error }
            return nil
        }
        if let problem { throw problem }
        return values
    }
}
