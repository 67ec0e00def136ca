import Tensor

/// Decomposed relative positions (Li et al., MViTv2, as in SAM): the score of query (y, x) and key (y', x') gets
/// q · R_h[y − y' + S − 1] + q · R_w[x − x' + S − 1], S being the side of the square.
struct RelativePositions: Sendable {
    let span: Int
    /// `2·span − 1` rows × head size, as checkpoints hold them.
    let verticalTable: Tensor
    let horizontalTable: Tensor
    /// q against every entry of a table, in reversed order, so that for one query the entries of successive keys follow one another.
    private let vertical: Linear
    private let horizontal: Linear
    /// Floats from one query's entries to the next: the table's, padded to whole panels, and one vector to read beyond.
    private let stride: Int

    /// - Parameters: tables of `2·span − 1` rows × head size.
    init(vertical: Tensor, horizontal: Tensor, span: Int) {
        self.span = span
        verticalTable = vertical
        horizontalTable = horizontal
        self.vertical = Linear(weight: Self.reversed(vertical), bias: nil)
        self.horizontal = Linear(weight: Self.reversed(horizontal), bias: nil)
        stride = self.vertical.outputs
    }

    /// Takes over the tables' present values.
    func refresh() {
        vertical.pack(weight: Self.reversed(verticalTable), bias: nil)
        horizontal.pack(weight: Self.reversed(horizontalTable), bias: nil)
    }

    private static func reversed(_ table: Tensor) -> Tensor {
        let padded = Tensor(rows: (table.rows + 15) / 16 * 16 + 16, columns: table.columns)
        padded.fill(0)
        for row in 0..<table.rows {
            (padded.pointer + row * table.columns).update(
                from: table.pointer + (table.rows - 1 - row) * table.columns, count: table.columns)
        }
        return padded
    }

    func scratch(queries: Int) -> Int { 2 * queries * stride }

    /// Multiplies `rows` queries (packed, not scaled) with both tables, into `scratch`.
    func project(_ queries: UnsafePointer<Float>, rows: Int, into scratch: UnsafeMutablePointer<Float>) {
        vertical(queries, rows: rows, into: scratch)
        horizontal(queries, rows: rows, into: scratch + rows * stride)
    }

    /// Adds to one query's scores for whole rows of keys.
    ///
    /// - Parameters:
    ///   - row: the query's line in `scratch`, of `rows`.
    ///   - y, x: its place in the square.
    ///   - keys: a range of keys that begins with a row of the square. Up to 7 floats after the scores get zero added.
    @inline(__always)
    func add(
        _ scratch: UnsafePointer<Float>, row: Int, rows: Int, y: Int, x: Int, keys: Range<Int>, to scores: UnsafeMutablePointer<Float>
    ) {
        let down = scratch + row * stride + (span - 1 - y), across = scratch + (rows + row) * stride + (span - 1 - x)
        var line = scores
        for keyRow in keys.lowerBound / span..<keys.upperBound / span {
            Self.add(across, down[keyRow], count: span, to: line)
            line += span
        }
    }

    /// The same for keys that are some of the square's only.
    @inline(__always)
    func add(
        _ scratch: UnsafePointer<Float>, row: Int, rows: Int, y: Int, x: Int, runs: UnsafeBufferPointer<TokenSet.Run>,
        to scores: UnsafeMutablePointer<Float>
    ) {
        let down = scratch + row * stride + (span - 1 - y), across = scratch + (rows + row) * stride + (span - 1 - x)
        var line = scores
        for run in runs {
            Self.add(across + run.x, down[run.y], count: run.count, to: line)
            line += run.count
        }
    }

    /// One row of keys: line ← line + across + height. What a vector reaches beyond it gets zero added.
    @inline(__always)
    private static func add(_ across: UnsafePointer<Float>, _ height: Float, count: Int, to line: UnsafeMutablePointer<Float>) {
        let whole = count & ~7, rest = count & 7
        for column in Swift.stride(from: 0, to: whole, by: 8) {
            line.store8(line.load8(column) + (across.load8(column) + height), column)
        }
        guard rest > 0 else { return }
        let lanes = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7) .< Int32(rest)
        let bias = (across.load8(whole) + height).replacing(with: 0, where: .!lanes)
        line.store8(line.load8(whole) + bias, whole)
    }
}
