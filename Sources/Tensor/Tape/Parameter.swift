/// A weight that tuning may change, and what the loss says about it.
///
/// Both lie in PyTorch's order, so that they can be written to a checkpoint as they are.
// @unchecked Sendable: `gradient` is set before a tape uses the parameter and stays; the memory behind both tensors is
// written by the one tuner that owns the model, never while a pass runs on another thread.
public final class Parameter: @unchecked Sendable {
    /// The checkpoint's key.
    public let name: String
    public let shape: [Int]
    public let value: Tensor
    /// Of the value's shape; nil: frozen, no gradient is computed.
    public private(set) var gradient: Tensor?

    public init(name: String, shape: [Int], value: Tensor, isTrainable: Bool) {
        precondition(shape.reduce(1, *) == value.count)
        self.name = name
        self.shape = shape
        self.value = value
        if isTrainable {
            let gradient = Tensor(rows: value.rows, columns: value.columns)
            gradient.fill(0)
            self.gradient = gradient
        }
    }
}
