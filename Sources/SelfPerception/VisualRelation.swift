import SegmentAnything
import Tensor

/// The visual relation of an image: R = softmax_j(cos(tᵢ, tⱼ)) over the tokens of its embedding, without the diagonal.
///
/// cos is symmetric, so only the tiles on and above the diagonal are multiplied, and e^cos needs no maximum taken off
/// (cos ≤ 1). R is kept as e^cos and the inverse sums of its rows; thresholding with α replaces it by finished weights.
public struct VisualRelation {
    /// `N × N`; with ``rowFactors`` it is R.
    let weights: Tensor
    /// `1 × N`
    let rowFactors: Tensor
    /// `1 × N`: what thresholding divided each column by; 1 without.
    let columnSums: Tensor
    /// `1 × N`: the inverse sums of rows of e^cos, which ``rowFactors`` are where nothing was thresholded.
    let softmaxFactors: Tensor
    /// The keys of one adaptation, in the order the product reads them.
    let packedKeys: Linear

    private static let tile = 128
    /// Rows of R that stay in a core's second-level cache while they are multiplied with all keys.
    static let adaptTile = 66

    /// Memory for a relation of `tokens` tokens, to adapt keys of `channels` channels.
    public init(tokens: Int, channels: Int) {
        packedKeys = Linear(inputs: tokens, outputs: channels)
        weights = Tensor(rows: tokens, columns: tokens)
        rowFactors = Tensor(rows: 1, columns: tokens)
        columnSums = Tensor(rows: 1, columns: tokens)
        softmaxFactors = Tensor(rows: 1, columns: tokens)
    }

    private init(weights: Tensor, rowFactors: Tensor, columnSums: Tensor, softmaxFactors: Tensor, packedKeys: Linear) {
        self.weights = weights
        self.rowFactors = rowFactors
        self.columnSums = columnSums
        self.softmaxFactors = softmaxFactors
        self.packedKeys = packedKeys
    }

    /// A relation of fewer tokens in the memory of this one: only one of the two is in use at a time.
    func shrunk(to tokens: Int) -> VisualRelation {
        precondition(tokens <= weights.rows)
        let entries = weights.reshaped(rows: weights.count, columns: 1).rows(0..<tokens * tokens)
        func first(_ row: Tensor) -> Tensor { row.reshaped(rows: row.count, columns: 1).rows(0..<tokens).reshaped(rows: 1, columns: tokens) }
        return VisualRelation(
            weights: entries.reshaped(rows: tokens, columns: tokens), rowFactors: first(rowFactors),
            columnSums: first(columnSums), softmaxFactors: first(softmaxFactors), packedKeys: Linear(inputs: tokens, outputs: packedKeys.outputs))
    }

    /// Rebuilds the relation for another image.
    ///
    /// - Parameters:
    ///   - embedding: `N × C`.
    ///   - alpha: entries of R up to α/N become zero, and each column is divided by its sum (the published code sums
    ///     over dimension 1 of a batch of matrices, which are the rows). 0 leaves R as it is.
    public func update(embedding: Tensor, alpha: Float, in workspace: Workspace) {
        let tokens = embedding.rows, channels = embedding.columns, tile = Self.tile
        precondition(weights.rows == tokens)
        workspace.scope {
            let units = workspace.tensor(tokens, channels)
            Self.normalise(embedding, into: units, in: workspace)
            let side = (tokens + tile - 1) / tile
            workspace.parallel(side * (side + 1) / 2) { item, _ in
                // The item-th pair (i, j) with i ≤ j, row by row.
                var i = 0, before = 0
                while before + side - i <= item {
                    before += side - i
                    i += 1
                }
                let j = i + item - before
                similarity(units, i * tile..<min(tokens, (i + 1) * tile), j * tile..<min(tokens, (j + 1) * tile))
            }
        }
        workspace.parallelRows(tokens, tile: tile) { rows, _ in
            for row in rows { rowFactors.pointer[row] = 1 / sum(weights.pointer + row * tokens, count: tokens) }
        }
        columnSums.fill(1)
        softmaxFactors.copy(from: rowFactors)
        if alpha > 0 { threshold(alpha, in: workspace) }
        if let tape = workspace.tape { recordUpdate(embedding, isThresholded: alpha > 0, on: tape) }
    }

    /// u = t / |t|, token by token.
    static func normalise(_ embedding: Tensor, into units: Tensor, in workspace: Workspace) {
        let channels = embedding.columns
        workspace.parallelRows(embedding.rows, tile: tile) { rows, _ in
            for row in rows {
                let source = embedding.pointer + row * channels, unit = units.pointer + row * channels
                let norm = dot(source, source, count: channels).squareRoot()
                unit.update(from: source, count: channels)
                multiply(unit, by: 1 / (norm + 1e-16), count: channels)
            }
        }
    }

    /// e^cos of two ranges of tokens, and its mirror image.
    private func similarity(_ units: Tensor, _ rows: Range<Int>, _ columns: Range<Int>) {
        let tokens = weights.columns, channels = units.columns
        let block = weights.pointer + rows.lowerBound * tokens + columns.lowerBound
        product(
            m: rows.count, n: columns.count, k: channels, units.pointer + rows.lowerBound * channels, channels,
            units.pointer + columns.lowerBound * channels, channels, transposeB: true, into: block, tokens)
        for row in 0..<rows.count { exponentiate(block + row * tokens, count: columns.count) }
        if rows == columns {
            for row in rows { weights.pointer[row * tokens + row] = 0 }
        } else {
            transpose(
                block, rows: rows.count, columns: columns.count, stride: tokens,
                into: weights.pointer + columns.lowerBound * tokens + rows.lowerBound, stride: tokens)
        }
    }

    private func threshold(_ alpha: Float, in workspace: Workspace) {
        let tokens = weights.columns, limit = alpha / Float(tokens)
        workspace.parallelRows(tokens, tile: Self.tile) { rows, _ in
            for row in rows {
                let line = weights.pointer + row * tokens, factor = rowFactors.pointer[row]
                for column in 0..<tokens {
                    let value = line[column] * factor
                    line[column] = value > limit ? value : 0
                }
                rowFactors.pointer[row] = 1
            }
        }
        workspace.parallelRows(tokens, tile: Self.tile) { columns, _ in
            for column in columns {
                var total: Float = 0
                for row in 0..<tokens { total += weights.pointer[row * tokens + column] }
                if total == 0 { total = 1 }
                columnSums.pointer[column] = total
                for row in 0..<tokens { weights.pointer[row * tokens + column] /= total }
            }
        }
    }

    /// adapted ← keys + (R · keys) ⊙ scale: the VRA-Adapter.
    ///
    /// - Parameters:
    ///   - keys: `N × C`.
    ///   - scale: `lora_sim_scale`, one value a channel.
    public func adapt(_ keys: Tensor, scale: Tensor, into adapted: Tensor, in workspace: Workspace) {
        let tokens = weights.rows, channels = keys.columns
        precondition(keys.rows == tokens && scale.count == channels)
        workspace.parallelRows(tokens, tile: productTileRows) { rows, _ in packedKeys.pack(columnsOf: keys, rows: rows) }
        if let tape = workspace.tape { return adapt(keys, scale: scale, into: adapted, on: tape, in: workspace) }
        workspace.parallelRows(tokens, tile: Self.adaptTile) { rows, _ in
            let start = rows.lowerBound * channels
            packedKeys.scaled(
                weights.pointer + rows.lowerBound * tokens, rows: rows.count,
                factors: rowFactors.pointer + rows.lowerBound, scale: scale.pointer, base: keys.pointer + start,
                into: adapted.pointer + start)
        }
    }

    /// R as numbers: `N × N`.
    func dense() -> [Float] {
        let tokens = weights.rows
        return (0..<tokens * tokens).map { weights.pointer[$0] * rowFactors.pointer[$0 / tokens] }
    }
}
