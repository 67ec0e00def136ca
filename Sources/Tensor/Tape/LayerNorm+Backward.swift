extension LayerNorm {
    /// The way back through y = norm(x): with x̂ = (x − mean)/σ and g = dy ⊙ weight,
    /// dx = (g − mean(g) − x̂ · mean(g ⊙ x̂)) / σ, ∂weight += Σ dy ⊙ x̂, ∂bias += Σ dy.
    ///
    /// - Parameters:
    ///   - x: what was normalised, `rows × C`.
    ///   - dy: the gradient of the result, replaced by that of x.
    public func backward(_ x: Tensor, dy: Tensor, on tape: Tape, in workspace: Workspace) {
        precondition(x.columns == weight.count && dy.rows == x.rows && dy.columns == x.columns)
        let columns = x.columns, tile = 64, tiles = (x.rows + tile - 1) / tile
        let weightGradient = tape.parameters.gradient(of: weight), biasGradient = tape.parameters.gradient(of: bias)
        let isTrained = weightGradient != nil || biasGradient != nil
        workspace.scope {
            // Each tile adds up its own rows' share, so that the sum's order does not depend on who comes first.
            let shares = workspace.tensor(isTrained ? 2 * tiles : 0, columns)
            shares.fill(0)
            workspace.parallelRows(x.rows, tile: tile, scratch: columns) { rows, unit in
                let share = shares.pointer + (isTrained ? rows.lowerBound / tile * 2 * columns : 0)
                for row in rows {
                    let dy = dy.pointer + row * columns
                    let spread = Self.normalise(x.pointer + row * columns, into: unit, count: columns, epsilon: epsilon)
                    if isTrained {
                        for column in 0..<columns {
                            share[column] += dy[column] * unit[column]
                            share[columns + column] += dy[column]
                        }
                    }
                    Self.backwardRow(unit, dy, weight.pointer, count: columns, spread)
                }
            }
            if isTrained {
                for tile in 0..<tiles {
                    let share = shares.pointer + tile * 2 * columns
                    if let weightGradient { add(weightGradient.pointer, share, into: weightGradient.pointer, count: columns) }
                    if let biasGradient { add(biasGradient.pointer, share + columns, into: biasGradient.pointer, count: columns) }
                }
            }
        }
    }

    /// x̂ of one row; returns 1/σ.
    @inline(__always)
    private static func normalise(_ x: UnsafePointer<Float>, into unit: UnsafeMutablePointer<Float>, count: Int, epsilon: Float) -> Float {
        let mean = sum(x, count: count) / Float(count)
        for index in 0..<count { unit[index] = x[index] - mean }
        let inverse = 1 / (dot(unit, unit, count: count) / Float(count) + epsilon).squareRoot()
        multiply(unit, by: inverse, count: count)
        return inverse
    }

    @inline(__always)
    private static func backwardRow(
        _ unit: UnsafePointer<Float>, _ dy: UnsafeMutablePointer<Float>, _ weight: UnsafePointer<Float>, count: Int, _ inverse: Float
    ) {
        forEach8(dy, rows: 1, columns: count, stride: count) { value, _, index in
            value * (index + 8 <= count ? weight.load8(index) : weight.loadTail(index, count: count - index))
        }
        let mean = sum(dy, count: count) / Float(count), slope = dot(dy, unit, count: count) / Float(count)
        forEach8(dy, rows: 1, columns: count, stride: count) { value, _, index in
            let unit = index + 8 <= count ? unit.load8(index) : unit.loadTail(index, count: count - index)
            return (value - mean - unit * slope) * inverse
        }
    }
}
