extension Linear {
    /// Writes other weights into the layer: those of the next step of tuning.
    ///
    /// - Precondition: the shapes are the layer's, and it keeps floats.
    public func pack(weight: Tensor, bias: Tensor?) {
        precondition(weight.rows == outputs && weight.columns == inputs && panels.count > 0)
        Self.pack(weight, bias, into: panels, self.bias)
    }

    /// `out × in` weights to panels of 16 outputs, input after input; what the last panel has too many is left as it is.
    static func pack(_ weight: Tensor, _ bias: Tensor?, into panels: Tensor, _ shift: Tensor) {
        let width = panelWidth, inputs = weight.columns
        for output in 0..<weight.rows {
            let panel = panels.pointer + output / width * width * inputs + output % width
            let source = weight.pointer + output * inputs
            for input in 0..<inputs { panel[input * width] = source[input] }
            if let bias { shift.pointer[output] = bias.pointer[output] }
        }
    }

    /// An empty layer whose weights are written by ``pack(columnsOf:rows:)``: a product with another activation in the
    /// weights' place, such as R · keys, by the same kernel.
    public init(inputs: Int, outputs: Int) {
        let zeros = Tensor(rows: outputs, columns: inputs)
        zeros.fill(0)
        self.init(weight: zeros, bias: nil)
    }

    /// Makes x · M of this layer, M being `inputs × outputs`, row by row. Packs only rows `rows` of M, so that several
    /// cores can share the work.
    public func pack(columnsOf matrix: Tensor, rows: Range<Int>) {
        precondition(matrix.rows == inputs && matrix.columns == outputs && outputs % 8 == 0)
        let width = Self.panelWidth
        for row in rows {
            let source = matrix.pointer + row * outputs
            for column in stride(from: 0, to: outputs, by: 8) {
                let panel = panels.pointer + column / width * width * inputs
                panel.store8(source.load8(column), row * width + column % width)
            }
        }
    }

    /// y ← base + (x · M) · factor(row) ⊙ scale, for the rows from `first` on.
    ///
    /// - Parameters:
    ///   - x: `rows` lines of `inputs` values.
    ///   - factors: one a row. `scale`: one an output. `base`, `y`: `rows × outputs`; they may not be the same.
    public func scaled(
        _ x: UnsafePointer<Float>, rows: Int, factors: UnsafePointer<Float>, scale: UnsafePointer<Float>,
        base: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
    ) {
        precondition(outputs % 8 == 0)
        let outputs = self.outputs
        run(x, rows, inputs, y, nil) { value, at in
            base.load8(at).addingProduct(value * factors[at / outputs], scale.load8(at % outputs))
        }
    }
}
