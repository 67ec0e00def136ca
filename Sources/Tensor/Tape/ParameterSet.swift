/// The weights of a model that is tuned, found again by the memory of the tensors and layers that hold them.
///
/// Layers know nothing of tuning: a checkpoint that is read for tuning enters every tensor here.
public final class ParameterSet {
    /// What is trained, in the order in which the model was read.
    public private(set) var trainable: [Parameter] = []
    private var parameters: [ObjectIdentifier: Parameter] = [:]
    private var matrices: [ObjectIdentifier: WeightMatrix] = [:]
    private var names: [String: Tensor] = [:]
    /// In the order of entry: refreshing is deterministic.
    private var order: [WeightMatrix] = []
    private var derived: [() -> Void] = []
    private var foldedWeights: [FoldedWeight] = []

    public init() {}

    /// Enters a tensor that was read; `shape` is the checkpoint's.
    ///
    /// - Parameter lowRank: the update that `tensor` already contains.
    public func enter(_ tensor: Tensor, name: String, shape: [Int], isTrainable: Bool, lowRank: LowRankUpdate? = nil) {
        let parameter = Parameter(name: name, shape: shape, value: tensor, isTrainable: isTrainable)
        parameters[tensor.identity] = parameter
        names[name] = tensor
        if isTrainable { trainable.append(parameter) }
        if let lowRank { trainable += [lowRank.down, lowRank.up] }
        guard shape.count > 1 else { return }
        let matrix = WeightMatrix(matrix: tensor, weight: parameter, lowRank: lowRank)
        matrices[tensor.identity] = matrix
        order.append(matrix)
    }

    /// Enters `folded`, which is `weight` with each row multiplied by its factor, as what layers are bound to in its place. The
    /// factors are frozen.
    public func enterFolded(_ folded: Tensor, of weight: Tensor, factors: [Double]) {
        guard let raw = parameters[weight.identity] else { return }
        precondition(folded.rows == weight.rows && folded.columns == weight.columns && factors.count == weight.rows)
        let parameter = Parameter(name: raw.name, shape: raw.shape, value: folded, isTrainable: raw.gradient != nil)
        let matrix = WeightMatrix(matrix: folded, weight: parameter, lowRank: nil)
        matrices[folded.identity] = matrix
        order.append(matrix)
        foldedWeights.append(FoldedWeight(raw: raw, folded: parameter, factors: factors))
    }

    /// At the end of the way back: what folded weights were told is passed on to those that are trained.
    func moveFoldedGradients() {
        for weight in foldedWeights { weight.moveGradient() }
    }

    /// Says that `layer` multiplies by `weight`, which it keeps in its own order.
    ///
    /// - Parameter repack: writes the weights and the bias into the layer.
    public func bind(_ layer: Linear, weight: Tensor, bias: Tensor?, repack: @escaping () -> Void) {
        guard let matrix = matrices[weight.identity] else { return }
        bind(bias, to: matrix, repack: repack)
        matrices[layer.panels.identity] = matrix
    }

    /// The same for a layer whose weights are a tensor.
    public func bind(_ layer: Tensor, weight: Tensor, bias: Tensor?, repack: @escaping () -> Void) {
        guard let matrix = matrices[weight.identity] else { return }
        bind(bias, to: matrix, repack: repack)
        matrices[layer.identity] = matrix
    }

    public func bind(_ layer: TransposedConvolution, weight: Tensor, bias: Tensor) {
        bind(layer.linear, weight: weight, bias: bias) { layer.pack(pytorch: weight, bias: bias) }
    }

    private func bind(_ bias: Tensor?, to matrix: WeightMatrix, repack: @escaping () -> Void) {
        matrix.bias = bias.flatMap { parameters[$0.identity] }
        matrix.repack = repack
    }

    /// Says how to compute anew what a model makes of its weights besides its layers, such as a table in another order.
    public func derive(_ update: @escaping () -> Void) { derived.append(update) }

    /// The weights behind a layer.
    ///
    /// - Precondition: the model was read for tuning.
    public func matrix(of layer: Linear) -> WeightMatrix { matrix(of: layer.panels) }

    public func matrix(of tensor: Tensor) -> WeightMatrix {
        guard let matrix = matrices[tensor.identity] else { preconditionFailure("the layer was not read for tuning") }
        return matrix
    }

    /// A tensor as it was read, updates merged.
    public func value(named name: String) -> Tensor? { names[name] }

    /// Where a tensor's gradient is added up; nil: frozen.
    public func gradient(of tensor: Tensor) -> Tensor? { parameters[tensor.identity]?.gradient }

    public func areTrained(_ tensors: Tensor...) -> Bool { tensors.contains { gradient(of: $0) != nil } }

    public func areTrained(_ layers: Linear...) -> Bool { layers.contains { matrix(of: $0).isTrained } }

    public func areTrained(_ norms: LayerNorm...) -> Bool { norms.contains { areTrained($0.weight, $0.bias) } }

    public func clearGradients() {
        for parameter in trainable { parameter.gradient?.fill(0) }
    }

    /// After a step of the optimiser: every layer takes over its new weights.
    public func refresh() {
        for weight in foldedWeights { weight.refresh() }
        for matrix in order { matrix.refresh() }
        for update in derived { update() }
    }
}
