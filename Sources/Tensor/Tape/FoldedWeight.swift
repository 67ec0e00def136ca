/// Weights that a layer multiplies by only after a fixed factor for each output was multiplied in: a convolution and the batch
/// norm behind it. What is trained, and what a checkpoint holds, are the weights without it.
struct FoldedWeight {
    let raw: Parameter
    let folded: Parameter
    /// One for each row.
    let factors: [Double]

    /// After a step of the optimiser: Ŵ[o] = s[o] · W[o], the product rounded once.
    func refresh() {
        guard raw.gradient != nil else { return }
        let columns = raw.value.columns
        for (row, factor) in factors.enumerated() {
            let source = raw.value.pointer + row * columns, target = folded.value.pointer + row * columns
            for column in 0..<columns { target[column] = Float(Double(source[column]) * factor) }
        }
    }

    /// ∂W[o] += s[o] · ∂Ŵ[o]; leaves zeros in ∂Ŵ.
    func moveGradient() {
        guard let gradient = raw.gradient, let slopes = folded.gradient else { return }
        let columns = raw.value.columns
        for (row, factor) in factors.enumerated() {
            addScaled(slopes.pointer + row * columns, Float(factor), to: gradient.pointer + row * columns, count: columns)
        }
        slopes.fill(0)
    }
}
