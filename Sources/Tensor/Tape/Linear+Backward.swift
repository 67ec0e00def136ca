extension Linear {
    /// The way back through y = x·Wᵀ + b; see ``WeightMatrix/backward(_:dy:into:in:)``.
    public func backward(_ x: Tensor, dy: Tensor, into dx: Tensor?, on tape: Tape, in workspace: Workspace) {
        tape.parameters.matrix(of: self).backward(x, dy: dy, into: dx, in: workspace)
    }
}
