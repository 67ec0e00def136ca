/// Compares what a file holds with what its architecture needs, and says all of a mismatch at once.
struct CheckpointComparison {
    let file: String
    let layout: CheckpointLayout
    let configuration: ModelConfiguration

    /// - Returns: keys that the file may hold and nothing needs.
    func check(_ shapes: [String: [Int]]) throws(CheckpointError) -> [String] {
        let needed = layout.shapes
        let needless = shapes.keys.filter { needed[$0] == nil && CheckpointLayout.isNeedless($0, encoder: configuration.encoder) }
        let missing = needed.keys.filter { shapes[$0] == nil }.sorted()
        let unexpected = shapes.keys.filter { needed[$0] == nil && !CheckpointLayout.isNeedless($0, encoder: configuration.encoder) }.sorted()
        let misshapen = needed.filter { shapes[$0.key] != nil && shapes[$0.key] != $0.value }.sorted { $0.key < $1.key }
        var findings: [String] = []
        if !missing.isEmpty { findings.append("\(Self.list(missing)) \(missing.count == 1 ? "is" : "are") missing") }
        if !unexpected.isEmpty { findings.append("\(Self.list(unexpected)) \(unexpected.count == 1 ? "is" : "are") not part of it") }
        if !misshapen.isEmpty {
            let first = misshapen.prefix(3).map { "\($0.key) has shape \(shapes[$0.key] ?? []) where \($0.value) is right" }
            findings.append(first.joined(separator: ", ") + (misshapen.count > 3 ? ", and \(misshapen.count - 3) more have wrong shapes" : ""))
        }
        guard findings.isEmpty else {
            throw CheckpointError(file: file, problem: "looks like \(configuration.architectureName), but: \(findings.joined(separator: "; "))")
        }
        return needless.sorted()
    }

    /// A few keys and how many more there are.
    static func list(_ keys: [String]) -> String {
        keys.prefix(3).joined(separator: ", ") + (keys.count > 3 ? " and \(keys.count - 3) more keys" : "")
    }
}

/// Compares an SPT adapter with the model it is to adapt.
struct LowRankComparison {
    let layout: CheckpointLayout
    let configuration: ModelConfiguration

    func check(_ shapes: [String: [Int]], file: String) throws(CheckpointError) {
        func wrong(_ problem: String) -> CheckpointError { CheckpointError(file: file, problem: problem) }
        let foreign = shapes.keys.filter { LowRankKey($0) == nil }.sorted()
        guard foreign.isEmpty else {
            throw wrong("\(CheckpointComparison.list(foreign)) \(foreign.count == 1 ? "is" : "are") not part of an SPT adapter, which holds lora_A, lora_B and lora_sim_scale only")
        }
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            guard let key = LowRankKey(name) else { continue }
            switch key.part {
            case .simScale: try checkScale(key.module, shape, wrong)
            case .down:
                guard let up = shapes[key.module + "." + LowRankKey.Part.up.rawValue] else {
                    throw wrong("\(key.module) has only one of lora_A and lora_B")
                }
                try checkPair(key.module, shape, up, wrong)
            case .up:
                guard shapes[key.module + "." + LowRankKey.Part.down.rawValue] != nil else {
                    throw wrong("\(key.module) has only one of lora_A and lora_B")
                }
            }
        }
    }

    private func checkPair(
        _ module: String, _ a: [Int], _ b: [Int], _ wrong: (String) -> CheckpointError
    ) throws(CheckpointError) {
        guard let weights = layout.shapes[stored(module) + ".weight"], weights.count == 2 else {
            throw wrong("\(module) adapts a layer that \(configuration.architectureName) has not: the adapter belongs to another model")
        }
        if let problem = Checkpoint.problem(ofLoRA: module, a: a, b: b, rows: weights[0], columns: weights[1]) {
            throw wrong("\(problem) in \(configuration.architectureName): does the adapter belong to another model?")
        }
    }

    private func checkScale(_ block: String, _ shape: [Int], _ wrong: (String) -> CheckpointError) throws(CheckpointError) {
        guard block.contains("_decoder.transformer.layers."), layout.shapes[stored(block) + ".norm1.weight"] != nil else {
            throw wrong("\(block).lora_sim_scale belongs to a decoder block that \(configuration.architectureName) has not")
        }
        guard shape == [configuration.transformerDim] else {
            throw wrong("\(block).lora_sim_scale has shape \(shape); \([configuration.transformerDim]) fits the base")
        }
    }

    /// The refine decoder starts as a copy of the mask decoder where a file has none of its own.
    private func stored(_ module: String) -> String {
        let refine = "draft_decoder."
        guard module.hasPrefix(refine), layout.shapes[refine + "iou_token.weight"] == nil else { return module }
        return "mask_decoder." + module.dropFirst(refine.count)
    }

    /// The rank of the updates; nil where there are none.
    static func rank(_ shapes: [String: [Int]]) -> Int? {
        shapes.filter { LowRankKey($0.key)?.part == .up }.min { $0.key < $1.key }?.value.last
    }
}
