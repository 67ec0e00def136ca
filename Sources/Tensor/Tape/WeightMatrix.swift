/// A layer's weights while it is tuned: the matrix by which it multiplies, and what of it is trained.
public final class WeightMatrix {
    /// `out × in` in PyTorch's order, updates merged.
    public let matrix: Tensor
    /// The matrix itself, where all of it is trained.
    public let weight: Parameter?
    public let lowRank: LowRankUpdate?
    public internal(set) var bias: Parameter?
    /// Writes the matrix into the layer that multiplies by it, which may keep it in another order.
    var repack: (() -> Void)?

    init(matrix: Tensor, weight: Parameter?, lowRank: LowRankUpdate?) {
        self.matrix = matrix
        self.weight = weight
        self.lowRank = lowRank
    }

    public var isTrained: Bool { weight?.gradient != nil || lowRank != nil || bias?.gradient != nil }

    /// After a step of the optimiser: the layer multiplies by the new weights.
    func refresh() {
        guard isTrained else { return }
        lowRank?.merge(into: matrix)
        repack?()
    }

    /// From y = x·Wᵀ + b: ∂x += dy·W, ∂W += dyᵀ·x and ∂b += Σ dy, as far as they are asked for.
    ///
    /// - Parameters:
    ///   - x: `rows × in`. `dy`: `rows × out`.
    ///   - dx: `rows × in`, added to; nil where nobody asks.
    public func backward(_ x: Tensor, dy: Tensor, into dx: Tensor?, in workspace: Workspace) {
        let inputs = matrix.columns, outputs = matrix.rows
        precondition(x.columns == inputs && dy.columns == outputs && x.rows == dy.rows)
        if let dx {
            precondition(dx.rows == x.rows && dx.columns == inputs)
            workspace.parallelRows(x.rows, tile: gradientTileRows) { rows, _ in
                product(
                    m: rows.count, n: inputs, k: outputs, dy.pointer + rows.lowerBound * outputs, outputs, matrix.pointer, inputs,
                    into: dx.pointer + rows.lowerBound * inputs, inputs, beta: 1)
            }
        }
        if let gradient = weight?.gradient { Self.accumulate(x, dy: dy, into: gradient, in: workspace) }
        lowRank?.accumulate(x, dy: dy, in: workspace)
        if let gradient = bias?.gradient { addColumnSums(dy, to: gradient, in: workspace) }
    }

    /// ∂W += dyᵀ·x: a small matrix of many rows in shares of rows, which are added up in their order; any other in parts of its own.
    public static func accumulate(_ x: Tensor, dy: Tensor, into gradient: Tensor, in workspace: Workspace) {
        let inputs = x.columns, outputs = dy.columns, rows = x.rows
        if rows >= 4 * fewestShareRows, gradient.count <= largestShare {
            let tile = max(fewestShareRows, (rows + mostShares - 1) / mostShares)
            workspace.scope {
                let shares = workspace.tensor((rows + tile - 1) / tile, gradient.count)
                workspace.parallelRows(rows, tile: tile) { part, _ in
                    product(
                        m: outputs, n: inputs, k: part.count, dy.pointer + part.lowerBound * outputs, outputs, transposeA: true,
                        x.pointer + part.lowerBound * inputs, inputs, into: shares.pointer + part.lowerBound / tile * shares.columns, inputs)
                }
                addColumnSums(shares, to: gradient)
            }
            return
        }
        // A product of fewer outputs would mostly be busy with putting x in order.
        let tile = max(32, (outputs + 127) / 128 * 16)
        workspace.parallelRows(outputs, tile: tile) { part, _ in
            product(
                m: part.count, n: inputs, k: rows, dy.pointer + part.lowerBound, outputs, transposeA: true, x.pointer, inputs,
                into: gradient.pointer + part.lowerBound * inputs, inputs, beta: 1)
        }
    }

    private static let fewestShareRows = 256
    private static let mostShares = 16
    /// Floats of a share: all of them are to stay in the cache.
    private static let largestShare = 1 << 17
}

/// gradient += Σ over rows of dy.
public func addColumnSums(_ dy: Tensor, to gradient: Tensor) {
    precondition(gradient.count == dy.columns)
    for row in 0..<dy.rows {
        add(gradient.pointer, dy.pointer + row * dy.columns, into: gradient.pointer, count: dy.columns)
    }
}

/// The same for many rows, in shares that are added up in their order.
public func addColumnSums(_ dy: Tensor, to gradient: Tensor, in workspace: Workspace) {
    let tile = 512, tiles = (dy.rows + tile - 1) / tile
    guard tiles > 1 else { return addColumnSums(dy, to: gradient) }
    workspace.scope {
        let shares = workspace.tensor(tiles, dy.columns)
        workspace.parallelRows(dy.rows, tile: tile) { rows, _ in
            let share = shares.rows(rows.lowerBound / tile..<rows.lowerBound / tile + 1)
            share.fill(0)
            addColumnSums(dy.rows(rows), to: share)
        }
        addColumnSums(shares, to: gradient)
    }
}
