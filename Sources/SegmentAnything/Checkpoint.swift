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

    public init(base: SafeTensorsFile, adapter: SafeTensorsFile? = nil) throws(CheckpointError) {
        self.base = base
        self.adapter = adapter
        configuration = try ModelConfiguration(of: base)
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

    public func linear(_ name: String, in inputs: Int, out outputs: Int, bias: Bool = true) throws(CheckpointError) -> Linear {
        Linear(weight: try tensor(name + ".weight", outputs, inputs), bias: bias ? try tensor(name + ".bias", outputs) : nil)
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

    /// Keys that no part of the model asked for: a sign that the file is not what its configuration says.
    public func requireAllUsed() throws(CheckpointError) {
        for file in [base, adapter].compactMap({ $0 }) {
            let unknown = file.entries.keys.filter { !used.contains($0) }.sorted()
            guard let first = unknown.first else { continue }
            throw CheckpointError(
                file: file.path,
                problem: "\(first)\(unknown.count > 1 ? " and \(unknown.count - 1) more keys are" : " is") not part of the architecture that `config` describes")
        }
    }

    private func storedKey(_ name: String) -> String {
        let refine = "draft_decoder."
        guard base.entries[name] == nil, name.hasPrefix(refine) else { return name }
        return "mask_decoder." + name.dropFirst(refine.count)
    }

    private func mergeLoRA(_ module: String, into weight: Tensor) throws(CheckpointError) {
        let nameA = module + ".lora_A", nameB = module + ".lora_B"
        guard let file = [adapter, base].compactMap({ $0 }).first(where: { $0.entries[nameA] != nil || $0.entries[nameB] != nil })
        else { return }
        guard let a = file.entries[nameA], let b = file.entries[nameB] else {
            throw CheckpointError(file: file.path, problem: "\(module) has only one of lora_A and lora_B")
        }
        let groups = module.hasSuffix("attn.qkv") ? 2 : 1
        guard a.shape.count == 2, b.shape.count == 2, a.shape[1] == weight.columns, b.shape[1] > 0,
            a.shape[0] == groups * b.shape[1], groups == 1 ? b.shape[0] == weight.rows : 3 * b.shape[0] == 2 * weight.rows
        else {
            throw CheckpointError(
                file: file.path,
                problem: "\(module): lora_A \(a.shape) and lora_B \(b.shape) do not fit weights of \([weight.rows, weight.columns])")
        }
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
