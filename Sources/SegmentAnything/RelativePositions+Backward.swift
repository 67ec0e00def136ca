import Tensor

extension RelativePositions {
    private var entries: Int { 2 * span - 1 }

    /// Floats of scratch for both ways.
    func backwardScratch(queries: Int) -> Int { max(scratch(queries: queries), 2 * queries * entries + span) }

    /// From s ← s + q·R_h[y − y' + S − 1] + q·R_w[x − x' + S − 1]: with a query's slopes summed over the keys of each row (and of
    /// each column) and laid out as the table's entries, E, ∂q += E·R and ∂R += Eᵀ·q.
    ///
    /// - Parameters:
    ///   - queries, dq: `rows × head size`; dq is added to.
    ///   - slopes: `rows × span²`, of the scores.
    ///   - place: a query's row and column in the square.
    ///   - vertical, horizontal: of the tables' shape, added to; nil: frozen.
    func backward(
        _ queries: UnsafePointer<Float>, rows: Int, slopes: UnsafePointer<Float>, place: (Int) -> (y: Int, x: Int),
        into dq: UnsafeMutablePointer<Float>, _ vertical: Tensor?, _ horizontal: Tensor?, scratch: UnsafeMutablePointer<Float>
    ) {
        let down = scratch, across = down + rows * entries, columns = across + rows * entries, size = verticalTable.columns
        down.update(repeating: 0, count: 2 * rows * entries)
        for row in 0..<rows {
            let (y, x) = place(row), lines = slopes + row * span * span
            columns.update(repeating: 0, count: span)
            for key in 0..<span {
                let line = lines + key * span
                down[row * entries + y - key + span - 1] = sum(line, count: span)
                addScaled(line, 1, to: columns, count: span)
            }
            for key in 0..<span { across[row * entries + x - key + span - 1] = columns[key] }
        }
        for (slopes, table, gradient) in [(down, verticalTable, vertical), (across, horizontalTable, horizontal)] {
            product(m: rows, n: size, k: entries, slopes, entries, table.pointer, size, into: dq, size, beta: 1)
            guard let gradient else { continue }
            product(m: entries, n: size, k: rows, slopes, entries, transposeA: true, queries, size, into: gradient.pointer, size, beta: 1)
        }
    }
}
