extension Convolution {
    /// The way back through y = x ∗ W + b, patches gathered anew.
    ///
    /// - Parameters:
    ///   - x: `height · width` rows of `inputs` channels.
    ///   - dy: `outputSize(height) · outputSize(width)` rows of `outputs` channels.
    ///   - dx: x's shape, added to; nil where nobody asks.
    public func backward(
        _ x: Tensor, height: Int, width: Int, dy: Tensor, into dx: Tensor?, on tape: Tape, in workspace: Workspace
    ) {
        let outWidth = outputSize(width), span = linear.inputs
        let trains = tape.parameters.matrix(of: linear).weight?.gradient != nil
        workspace.scope {
            let patches = workspace.tensor(dy.rows, span)
            if trains {
                workspace.parallelRows(dy.rows, tile: gradientTileRows) { rows, _ in
                    gather(
                        x.pointer, height: height, width: width, outWidth: outWidth, rows: rows,
                        into: patches.pointer + rows.lowerBound * span)
                }
            }
            guard let dx else { return backward(patches: patches, dy: dy, into: nil, on: tape, in: workspace) }
            let dPatches = workspace.tensor(dy.rows, span)
            dPatches.fill(0)
            backward(patches: patches, dy: dy, into: dPatches, on: tape, in: workspace)
            scatter(dPatches, height: height, width: width, outWidth: outWidth, into: dx, in: workspace)
        }
    }

    /// The way back through the product of gathered patches, `rows × (ky, kx, in)`, with the weights.
    ///
    /// - Parameters:
    ///   - patches: read only where the weights are trained.
    ///   - dPatches: the patches' shape, added to; nil where nobody asks.
    public func backward(patches: Tensor, dy: Tensor, into dPatches: Tensor?, on tape: Tape, in workspace: Workspace) {
        let weights = tape.parameters.matrix(of: linear), span = linear.inputs, outputs = self.outputs
        workspace.scope {
            let order = workspace.tensor(outputs, span)
            if let dPatches {
                toPatchOrder(weights.matrix, into: order)
                workspace.parallelRows(dy.rows, tile: gradientTileRows) { rows, _ in
                    product(
                        m: rows.count, n: span, k: outputs, dy.pointer + rows.lowerBound * outputs, outputs, order.pointer, span,
                        into: dPatches.pointer + rows.lowerBound * span, span, beta: 1)
                }
            }
            if let gradient = weights.weight?.gradient {
                order.fill(0)
                WeightMatrix.accumulate(patches, dy: dy, into: order, in: workspace)
                addFromPatchOrder(order, to: gradient)
            }
            if let gradient = weights.bias?.gradient { addColumnSums(dy, to: gradient, in: workspace) }
        }
    }

    private var area: Int { kernel * kernel }

    private func toPatchOrder(_ pytorch: Tensor, into order: Tensor) {
        for out in 0..<outputs {
            transpose(
                pytorch.pointer + out * linear.inputs, rows: inputs, columns: area, stride: area,
                into: order.pointer + out * linear.inputs, stride: inputs)
        }
    }

    private func addFromPatchOrder(_ order: Tensor, to pytorch: Tensor) {
        for out in 0..<outputs {
            let source = order.pointer + out * linear.inputs, target = pytorch.pointer + out * linear.inputs
            for input in 0..<inputs {
                for tap in 0..<area { target[input * area + tap] += source[tap * inputs + input] }
            }
        }
    }

    /// Adds each patch's gradient to the tokens it was gathered from. A core owns rows of x, so no two write the same token.
    private func scatter(_ patches: Tensor, height: Int, width: Int, outWidth: Int, into dx: Tensor, in workspace: Workspace) {
        let outHeight = outputSize(height), span = linear.inputs
        workspace.parallelRows(height, tile: 8) { rows, _ in
            for y in rows {
                for ky in 0..<kernel {
                    let top = y + padding - ky
                    guard top >= 0, top % stride == 0, top / stride < outHeight else { continue }
                    for outX in 0..<outWidth {
                        let left = outX * stride - padding, first = max(0, -left), last = min(kernel, width - left)
                        guard first < last else { continue }
                        let patch = patches.pointer + (top / stride * outWidth + outX) * span + (ky * kernel + first) * inputs
                        let target = dx.pointer + (y * width + left + first) * inputs
                        add(target, patch, into: target, count: (last - first) * inputs)
                    }
                }
            }
        }
    }
}

extension TransposedConvolution {
    /// The way back through the four products of each token; x is `tokens × in`, dy `4·tokens × out` in quad order.
    ///
    /// - Parameter dx: x's shape, added to; nil where nobody asks.
    public func backward(_ x: Tensor, dy: Tensor, into dx: Tensor?, on tape: Tape, in workspace: Workspace) {
        let weights = tape.parameters.matrix(of: linear), inputs = x.columns, outputs = self.outputs, wide = 4 * outputs
        precondition(dy.rows == 4 * x.rows && dy.columns == outputs)
        let dy = dy.reshaped(rows: x.rows, columns: wide)
        workspace.scope {
            // In PyTorch's order a token's weights follow one another by output and quarter; dy's by quarter and output.
            let order = workspace.tensor(inputs, wide)
            for input in 0..<inputs {
                transpose(
                    weights.matrix.pointer + input * wide, rows: outputs, columns: 4, stride: 4, into: order.pointer + input * wide,
                    stride: outputs)
            }
            if let dx {
                workspace.parallelRows(x.rows, tile: gradientTileRows) { rows, _ in
                    product(
                        m: rows.count, n: inputs, k: wide, dy.pointer + rows.lowerBound * wide, wide, order.pointer, wide, transposeB: true,
                        into: dx.pointer + rows.lowerBound * inputs, inputs, beta: 1)
                }
            }
            if let gradient = weights.weight?.gradient {
                order.fill(0)
                WeightMatrix.accumulate(dy, dy: x, into: order, in: workspace)
                for input in 0..<inputs {
                    for out in 0..<outputs {
                        for quarter in 0..<4 {
                            gradient.pointer[input * wide + out * 4 + quarter] += order.pointer[input * wide + quarter * outputs + out]
                        }
                    }
                }
            }
            if let gradient = weights.bias?.gradient { addColumnSums(dy.reshaped(rows: 4 * x.rows, columns: outputs), to: gradient) }
        }
    }
}
