import Tensor

/// The weights of a model: a base file and perhaps an adapter that holds `lora_*` keys.
///
/// Low-rank updates are merged as tensors are read: W ← W + B·A / r (LoRA with alpha 1). The encoder's `qkv` is one
/// layer of which only the q and v thirds are adapted: A has 2r rows and B 2·out/3 rows, the first halves for q.
public final class Checkpoint {
    public let base: SafeTensorsFile
    public let adapter: SafeTensorsFile?
    public let configuration: ModelConfiguration
    /// What is tuned of the model that is read; nil for a model that only answers.
    public let tuning: TuningPlan?
    private var used: Set<String> = []
    private let layers: SharedLayers

    /// - Parameters:
    ///   - layers: what other models of the same base file have loaded; layers that no adapter changes come from there.
    ///   - tuning: enters the weights into its parameters as they are read.
    public init(
        base: SafeTensorsFile, adapter: SafeTensorsFile? = nil, sharing layers: SharedLayers = SharedLayers(),
        tuning: TuningPlan? = nil
    ) throws(CheckpointError) {
        self.base = base
        self.adapter = adapter
        self.layers = layers
        self.tuning = tuning
        if let adapter {
            guard !adapter.entries.isEmpty else { throw CheckpointError(file: adapter.path, problem: "holds no tensors; an adapter has lora_* keys") }
            if let other = adapter.entries.keys.filter({ LowRankKey($0) == nil }).min() {
                throw CheckpointError(file: adapter.path, problem: "\(other) is no adapter's tensor: an adapter has lora_* keys only; is this a whole model?")
            }
            try AdapterBase.require(adapter, fits: base)
        }
        var configuration = try ModelConfiguration(of: base)
        if let text = adapter?.metadata[AdapterBase.alphaKey], let adapter {
            guard let alpha = Float(text), alpha.isFinite, alpha >= 0 else {
                throw CheckpointError(file: adapter.path, problem: "vatt_alpha is \(text); it is 0 or a positive number")
            }
            configuration.vattAlpha = alpha
        }
        if let alpha = tuning?.alpha { configuration.vattAlpha = alpha }
        if adapter != nil || tuning != nil, configuration.resize == .longestSide {
            // Models are tuned, and adapters were published, on stretched pictures.
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
        let module = name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : nil
        if let tuning, let module, let rank = tuning.rank(module) {
            let update = try lowRankUpdate(of: module, over: tensor, rank: rank, tuning: tuning)
            tuning.parameters.enter(tensor, name: name, shape: shape, isTrainable: false, lowRank: update)
            return tensor
        }
        if let module, let update = try storedUpdate(of: module, rows: rows, columns: columns) {
            LowRankUpdate.add(down: update.down, up: update.up, groups: Self.groups(ofLoRA: module), to: tensor)
        }
        enter(tensor, name, shape)
        return tensor
    }

    /// Says to what is tuned that a tensor was read.
    private func enter(_ tensor: Tensor, _ name: String, _ shape: [Int]) {
        guard let tuning else { return }
        tuning.parameters.enter(tensor, name: name, shape: shape, isTrainable: tuning.trains(name))
    }

    /// The same where a file may leave it out; a vector that is tuned then starts as the plan says.
    public func optionalTensor(_ name: String, _ size: Int) throws(CheckpointError) -> Tensor? {
        for file in [adapter, base].compactMap({ $0 }) {
            guard let entry = file.entries[name] else { continue }
            guard entry.shape == [size] else {
                throw CheckpointError(file: file.path, problem: "\(name) has shape \(entry.shape); [\(size)] fits the base")
            }
            used.insert(name)
            let tensor = Tensor(rows: 1, columns: size)
            try file.floats(name, into: tensor.pointer)
            enter(tensor, name, [size])
            return tensor
        }
        guard let tuning, tuning.addsSelfPerception, tuning.trains(name) else { return nil }
        let tensor = Tensor(rows: 1, columns: size)
        tensor.fill(tuning.initialScale)
        enter(tensor, name, [size])
        return tensor
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
        if keepsHalf, outputs % 16 == 0, !isAdapted, tuning == nil {
            switch base.entries[storedKey(name + ".weight")]?.type {
            case ElementType.f16.rawValue: half = .float16
            case ElementType.bf16.rawValue: half = .bfloat16
            default: break
            }
        }
        let shift = bias ? try tensor(name + ".bias", outputs) : nil
        let layer = Linear(weight: weight, bias: shift, half: half)
        bind(layer, weight: weight, bias: shift)
        if !isAdapted { layers.linear[name] = layer }
        return layer
    }

    public func norm(_ name: String, _ size: Int, epsilon: Float) throws(CheckpointError) -> LayerNorm {
        LayerNorm(weight: try tensor(name + ".weight", size), bias: try tensor(name + ".bias", size), epsilon: epsilon)
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

    /// A module's low-rank update to be tuned, merged into `matrix`: what a file holds of it, or the start of a new one, A uniform
    /// in ±1/√in and B zero, as published.
    private func lowRankUpdate(
        of module: String, over matrix: Tensor, rank: Int, tuning: TuningPlan
    ) throws(CheckpointError) -> LowRankUpdate {
        let groups = Self.groups(ofLoRA: module), frozen = Tensor(rows: matrix.rows, columns: matrix.columns)
        frozen.copy(from: matrix)
        let down: Tensor, up: Tensor
        if let stored = try storedUpdate(of: module, rows: matrix.rows, columns: matrix.columns) {
            (down, up) = stored
        } else {
            down = Tensor(rows: groups * rank, columns: matrix.columns)
            up = Tensor(rows: groups == 1 ? matrix.rows : 2 * matrix.rows / 3, columns: rank)
            tuning.fillUniform(down, limit: 1 / Float(matrix.columns).squareRoot())
            up.fill(0)
        }
        LowRankUpdate.add(down: down, up: up, groups: groups, to: matrix)
        func parameter(_ name: String, _ value: Tensor) -> Parameter {
            Parameter(name: module + name, shape: [value.rows, value.columns], value: value, isTrainable: true)
        }
        return LowRankUpdate(down: parameter(".lora_A", down), up: parameter(".lora_B", up), groups: groups, frozen: frozen)
    }

    /// What a file holds of a module's low-rank update; nil where there is none.
    ///
    /// - Parameters:
    ///   - rows, columns: of the weights that it is to fit.
    private func storedUpdate(
        of module: String, rows: Int, columns: Int
    ) throws(CheckpointError) -> (down: Tensor, up: Tensor)? {
        let nameA = module + ".lora_A", nameB = module + ".lora_B"
        guard let file = adapterFile(of: module) else { return nil }
        guard let a = file.entries[nameA], let b = file.entries[nameB] else {
            throw CheckpointError(file: file.path, problem: "\(module) has only one of lora_A and lora_B")
        }
        if let problem = Self.problem(ofLoRA: module, a: a.shape, b: b.shape, rows: rows, columns: columns) {
            throw CheckpointError(file: file.path, problem: problem)
        }
        used.formUnion([nameA, nameB])
        let down = Tensor(rows: a.shape[0], columns: a.shape[1]), up = Tensor(rows: b.shape[0], columns: b.shape[1])
        try file.floats(nameA, into: down.pointer)
        try file.floats(nameB, into: up.pointer)
        return (down, up)
    }
}

/// The linear layers that models of one base file have in common: nearly all of a vision transformer's weights.
public final class SharedLayers {
    fileprivate var linear: [String: Linear] = [:]

    public init() {}
}
