import Tensor

/// The weights of a model: a base file and perhaps an adapter that holds `lora_*` keys.
///
/// Low-rank updates are merged as tensors are read: W ← W + B·A / r (LoRA with alpha 1). The encoder's `qkv` is one
/// layer of which only the q and v thirds are adapted: A has 2r rows and B 2·out/3 rows, the first halves for q.
public final class Checkpoint {
    public let base: SafeTensorsFile
    public let adapter: SafeTensorsFile?
    public let configuration: ModelConfiguration
    private var used: Set<String> = []
    private let layers: SharedLayers

    /// - Parameter layers: what other models of the same base file have loaded; layers that no adapter changes come from there.
    public init(
        base: SafeTensorsFile, adapter: SafeTensorsFile? = nil, sharing layers: SharedLayers = SharedLayers()
    ) throws(CheckpointError) {
        self.base = base
        self.adapter = adapter
        self.layers = layers
        if let adapter {
            guard !adapter.entries.isEmpty else { throw CheckpointError(file: adapter.path, problem: "holds no tensors; an adapter has lora_* keys") }
            if let other = adapter.entries.keys.filter({ LowRankKey($0) == nil }).min() {
                throw CheckpointError(file: adapter.path, problem: "\(other) is no adapter's tensor: an adapter has lora_* keys only; is this a whole model?")
            }
        }
        var configuration = try ModelConfiguration(of: base)
        if adapter != nil, configuration.resize == .longestSide {
            // Adapters are tuned, and were published, on stretched pictures.
            configuration.resize = .stretch
            configuration.truncateInput = true
        }
        self.configuration = configuration
    }

    /// A tensor of the given PyTorch shape as a matrix: the first size is its rows, the rest its columns.
    ///
    /// A refine decoder that the file does not hold starts as a copy of the mask decoder.
    public func tensor(_ name: String, _ shape: Int...) throws(CheckpointError) -> Tensor {
        let key = storedKey(name)
        guard let entry = base.entries[key] else {
            throw CheckpointError(file: base.path, problem: "\(name) is missing; the configuration asks for it with shape \(shape)")
        }
        guard entry.shape == shape else {
            throw CheckpointError(file: base.path, problem: "\(key) has shape \(entry.shape); the configuration asks for \(shape)")
        }
        used.insert(key)
        let rows = shape.count == 1 ? 1 : shape[0]
        let columns = (shape.count == 1 ? shape[0] : shape.dropFirst().reduce(1, *))
        let tensor = Tensor(rows: rows, columns: columns)
        try base.floats(key, into: tensor.pointer)
        if name.hasSuffix(".weight") { try mergeLoRA(String(name.dropLast(".weight".count)), into: tensor) }
        return tensor
    }

    /// The same where a file may leave it out.
    public func optionalTensor(_ name: String, _ size: Int) throws(CheckpointError) -> Tensor? {
        for file in [adapter, base].compactMap({ $0 }) {
            guard let entry = file.entries[name] else { continue }
            guard entry.shape == [size] else {
                throw CheckpointError(file: file.path, problem: "\(name) has shape \(entry.shape); [\(size)] fits the base")
            }
            used.insert(name)
            let tensor = Tensor(rows: 1, columns: size)
            try file.floats(name, into: tensor.pointer)
            return tensor
        }
        return nil
    }

    /// - Parameter keepsHalf: weights that the file holds in half precision stay so, for a large layer's sake. Where an adapter
    ///   changed them they no longer fit and become floats.
    public func linear(
        _ name: String, in inputs: Int, out outputs: Int, bias: Bool = true, keepsHalf: Bool = false
    ) throws(CheckpointError) -> Linear {
        let isAdapted = adapterFile(of: name) != nil
        if !isAdapted, let layer = layers.linear[name] {
            used.formUnion([storedKey(name + ".weight"), storedKey(name + ".bias")])
            return layer
        }
        let weight = try tensor(name + ".weight", outputs, inputs)
        var half: HalfFormat?
        if keepsHalf, outputs % 16 == 0, !isAdapted {
            switch base.entries[storedKey(name + ".weight")]?.type {
            case ElementType.f16.rawValue: half = .float16
            case ElementType.bf16.rawValue: half = .bfloat16
            default: break
            }
        }
        let layer = Linear(weight: weight, bias: bias ? try tensor(name + ".bias", outputs) : nil, half: half)
        if !isAdapted { layers.linear[name] = layer }
        return layer
    }

    public func norm(_ name: String, _ size: Int, epsilon: Float) throws(CheckpointError) -> LayerNorm {
        LayerNorm(weight: try tensor(name + ".weight", size), bias: try tensor(name + ".bias", size), epsilon: epsilon)
    }

    public func convolution(
        _ name: String, in inputs: Int, out outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true
    ) throws(CheckpointError) -> Convolution {
        Convolution(
            pytorch: try tensor(name + ".weight", outputs, inputs, kernel, kernel),
            bias: bias ? try tensor(name + ".bias", outputs) : nil, kernel: kernel, stride: stride, padding: padding)
    }

    /// Whether the adapter changes any weight of a module.
    public func isAdapted(prefix: String) -> Bool { adapter?.entries.keys.contains { $0.hasPrefix(prefix) } ?? false }

    /// Keys that no part of the model asked for: a sign that the file is not what its configuration says.
    ///
    /// - Parameter elsewhere: of keys that were not asked for since another model had already loaded what they belong to.
    public func requireAllUsed(except elsewhere: (String) -> Bool = { _ in false }) throws(CheckpointError) {
        for file in [base, adapter].compactMap({ $0 }) {
            let unknown = file.entries.keys.filter { !used.contains($0) && !elsewhere($0) }.sorted()
            guard let first = unknown.first else { continue }
            throw CheckpointError(
                file: file.path,
                problem: "\(first)\(unknown.count > 1 ? " and \(unknown.count - 1) more keys are" : " is") not part of the architecture that `config` describes")
        }
    }

    /// Keys that a published file holds although the model's forward pass has no use for them.
    public func disregard(_ isKnown: (String) -> Bool) { used.formUnion(base.entries.keys.filter(isKnown)) }

    /// Whether base or adapter hold any tensor of a module.
    public func holds(prefix: String) -> Bool {
        [base, adapter].contains { $0?.entries.keys.contains { $0.hasPrefix(prefix) } ?? false }
    }

    private func storedKey(_ name: String) -> String {
        let refine = "draft_decoder."
        guard base.entries[name] == nil, name.hasPrefix(refine) else { return name }
        return "mask_decoder." + name.dropFirst(refine.count)
    }

    /// The file that holds a module's low-rank update.
    private func adapterFile(of module: String) -> SafeTensorsFile? {
        [adapter, base].compactMap { $0 }.first { $0.entries[module + ".lora_A"] != nil || $0.entries[module + ".lora_B"] != nil }
    }

    /// How many thirds of a layer are adapted by one pair of lora_A and lora_B: q and v where q, k and v are one layer.
    private static func groups(ofLoRA module: String) -> Int { module.hasSuffix("attn.qkv") ? 2 : 1 }

    /// Why an update does not fit a layer of `rows × columns`; nil when it does.
    static func problem(ofLoRA module: String, a: [Int], b: [Int], rows: Int, columns: Int) -> String? {
        let groups = groups(ofLoRA: module)
        guard a.count == 2, b.count == 2, a[1] == columns, (1...1 << 24).contains(b[1]), b[0] <= 1 << 24,
            a[0] == groups * b[1], groups == 1 ? b[0] == rows : 3 * b[0] == 2 * rows
        else { return "\(module): lora_A \(a) and lora_B \(b) do not fit weights of \([rows, columns])" }
        return nil
    }

    private func mergeLoRA(_ module: String, into weight: Tensor) throws(CheckpointError) {
        let nameA = module + ".lora_A", nameB = module + ".lora_B"
        guard let file = adapterFile(of: module) else { return }
        guard let a = file.entries[nameA], let b = file.entries[nameB] else {
            throw CheckpointError(file: file.path, problem: "\(module) has only one of lora_A and lora_B")
        }
        if let problem = Self.problem(ofLoRA: module, a: a.shape, b: b.shape, rows: weight.rows, columns: weight.columns) {
            throw CheckpointError(file: file.path, problem: problem)
        }
        let groups = Self.groups(ofLoRA: module)
        used.formUnion([nameA, nameB])
        let rank = b.shape[1]
        let down = Tensor(rows: a.shape[0], columns: a.shape[1]), up = Tensor(rows: b.shape[0], columns: rank)
        try file.floats(nameA, into: down.pointer)
        try file.floats(nameB, into: up.pointer)
        let part = up.rows / groups
        for group in 0..<groups {
            // With two groups the parts are the first and the last third of the rows: q and v.
            let firstRow = group * 2 * part
            product(
                m: part, n: weight.columns, k: rank, up.pointer + group * part * rank, rank,
                down.pointer + group * rank * weight.columns, weight.columns,
                into: weight.pointer + firstRow * weight.columns, weight.columns, alpha: 1 / Float(rank), beta: 1)
        }
    }
}

/// The linear layers that models of one base file have in common: nearly all of a vision transformer's weights.
public final class SharedLayers {
    fileprivate var linear: [String: Linear] = [:]

    public init() {}
}
