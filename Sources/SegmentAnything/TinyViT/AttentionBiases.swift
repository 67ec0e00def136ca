import Tensor

/// TinyViT's learned attention biases: for each head and each distance (|Δy|, |Δx|) between two tokens of a window of side w
/// one value, stored row by row, that is added to the scaled score.
///
/// Kept spread out so that the biases of one query are w² values that follow one another: for each column x of the query
/// the lines Δy = −(w−1) … w−1 of w keys each. A query in row y begins at line w−1−y. That is 2w³ values a head instead
/// of the w⁴ of a full matrix, and stays in the first-level cache.
struct AttentionBiases: Sendable {
    let window: Int
    /// `heads × w²`, as checkpoints hold it.
    let table: Tensor
    private let spread: Tensor

    /// - Parameter table: `heads × w²`.
    init(table: Tensor, window: Int) {
        precondition(table.columns == window * window)
        self.window = window
        self.table = table
        // What a whole vector reads beyond the last value is never used.
        spread = Tensor(rows: table.rows, columns: window * (2 * window - 1) * window + 8)
        spread.fill(0)
        refresh()
    }

    /// Takes over the table's present values.
    func refresh() {
        let lines = 2 * window - 1
        for head in 0..<table.rows {
            let source = table.pointer + head * table.columns, target = spread.pointer + head * spread.columns
            for x in 0..<window {
                for line in 0..<lines {
                    for key in 0..<window {
                        target[(x * lines + line) * window + key] = source[abs(line - (window - 1)) * window + abs(key - x)]
                    }
                }
            }
        }
    }

    /// Adds to the `w²` scores of the query in row `y` and column `x`, and perhaps something to seven more.
    @inline(__always)
    func add(head: Int, y: Int, x: Int, to scores: UnsafeMutablePointer<Float>) {
        let biases = spread.pointer + head * spread.columns + start(y: y, x: x)
        for index in stride(from: 0, to: window * window, by: 8) {
            scores.store8(scores.load8(index) + biases.load8(index), index)
        }
    }

    /// Where the biases of a query begin in a head's part.
    @inline(__always)
    private func start(y: Int, x: Int) -> Int { (x * (2 * window - 1) + window - 1 - y) * window }

    /// The biases of the query in row `y` and column `x`: `w²` values.
    func line(head: Int, y: Int, x: Int) -> UnsafePointer<Float> {
        UnsafePointer(spread.pointer + head * spread.columns + start(y: y, x: x))
    }

    /// Floats of scratch in which a head's gradient is added up.
    var gradientScratch: Int { spread.columns }

    /// Adds a query's slopes (`w²` of them) to a head's, which are spread out as the biases are.
    func add(_ slopes: UnsafePointer<Float>, y: Int, x: Int, to scratch: UnsafeMutablePointer<Float>) {
        addScaled(slopes, 1, to: scratch + start(y: y, x: x), count: window * window)
    }

    /// Adds a head's slopes to its row of the table's gradient: each value of the table stands at several places.
    func gather(_ scratch: UnsafePointer<Float>, to gradient: UnsafeMutablePointer<Float>) {
        let lines = 2 * window - 1
        for x in 0..<window {
            for line in 0..<lines {
                for key in 0..<window {
                    gradient[abs(line - (window - 1)) * window + abs(key - x)] += scratch[(x * lines + line) * window + key]
                }
            }
        }
    }
}
