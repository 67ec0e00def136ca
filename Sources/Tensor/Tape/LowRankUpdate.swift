/// LoRA's update of a weight matrix, W = W₀ + B·A / r (alpha 1), kept apart from the frozen W₀ so that A and B can be tuned.
///
/// SAM's `qkv` is one layer of which the first and the last third are adapted: A then has 2r rows and B 2·out/3, the first
/// halves for q, the others for v (the published SPT adapters' grouping).
public struct LowRankUpdate: Sendable {
    /// `groups·r × in`.
    public let down: Parameter
    /// `groups·out' × r`.
    public let up: Parameter
    public let groups: Int
    /// W₀, `out × in`.
    let frozen: Tensor

    public init(down: Parameter, up: Parameter, groups: Int, frozen: Tensor) {
        precondition(down.value.columns == frozen.columns && down.value.rows == groups * up.value.columns)
        self.down = down
        self.up = up
        self.groups = groups
        self.frozen = frozen
    }

    public var rank: Int { up.value.columns }

    /// W ← W + B·A / r
    ///
    /// - Parameters:
    ///   - down: A. `up`: B. `groups`: see the type.
    public static func add(down: Tensor, up: Tensor, groups: Int, to matrix: Tensor) {
        let inputs = matrix.columns, rank = up.columns, part = up.rows / groups
        for group in 0..<groups {
            product(
                m: part, n: inputs, k: rank, up.pointer + group * part * rank, rank, down.pointer + group * rank * inputs, inputs,
                into: matrix.pointer + firstRow(group, part: part) * inputs, inputs, alpha: 1 / Float(rank), beta: 1)
        }
    }

    /// The first row of W that a group changes: with two groups they are its first and last third.
    private static func firstRow(_ group: Int, part: Int) -> Int { group * 2 * part }

    /// Rows of W that one group changes.
    private var part: Int { up.value.rows / groups }

    private func firstRow(_ group: Int) -> Int { Self.firstRow(group, part: part) }

    /// W ← W₀ + B·A / r
    func merge(into matrix: Tensor) {
        matrix.copy(from: frozen)
        Self.add(down: down.value, up: up.value, groups: groups, to: matrix)
    }

    /// From y = x·Wᵀ: ∂A += (dy·B)ᵀ·x / r and ∂B += dyᵀ·(x·Aᵀ) / r, without ever forming ∂W.
    func accumulate(_ x: Tensor, dy: Tensor, in workspace: Workspace) {
        guard let downGradient = down.gradient, let upGradient = up.gradient else { return }
        let inputs = frozen.columns, rank = self.rank, rows = x.rows
        workspace.scope {
            let narrow = workspace.tensor(rows, rank), back = workspace.tensor(rows, rank)
            for group in 0..<groups {
                let a = down.value.pointer + group * rank * inputs, b = up.value.pointer + group * part * rank
                workspace.parallelRows(rows, tile: gradientTileRows) { range, _ in
                    product(
                        m: range.count, n: rank, k: inputs, x.pointer + range.lowerBound * inputs, inputs, a, inputs, transposeB: true,
                        into: narrow.pointer + range.lowerBound * rank, rank)
                    product(
                        m: range.count, n: rank, k: part, dy.pointer + range.lowerBound * dy.columns + firstRow(group), dy.columns, b, rank,
                        into: back.pointer + range.lowerBound * rank, rank)
                }
                workspace.parallel(2) { side, _ in
                    if side == 0 {
                        product(
                            m: rank, n: inputs, k: rows, back.pointer, rank, transposeA: true, x.pointer, inputs,
                            into: downGradient.pointer + group * rank * inputs, inputs, alpha: 1 / Float(rank), beta: 1)
                    } else {
                        product(
                            m: part, n: rank, k: rows, dy.pointer + firstRow(group), dy.columns, transposeA: true, narrow.pointer, rank,
                            into: upGradient.pointer + group * part * rank, rank, alpha: 1 / Float(rank), beta: 1)
                    }
                }
            }
        }
    }
}

/// Rows of one tile where gradients flow back through a product.
let gradientTileRows = 128
