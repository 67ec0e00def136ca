import Tensor

extension TinyViTAttention {
    func isTrained(by parameters: ParameterSet) -> Bool {
        parameters.areTrained(qkv, output) || parameters.areTrained(norm) || parameters.areTrained(biases.table)
    }

    /// The way back through x + output(attention(qkv(norm(x)))).
    ///
    /// - Parameters:
    ///   - x: `side² × width`.
    ///   - dy: the sum's gradient, replaced by that of x; as it was where the input's gradient is not wanted.
    func backward(_ x: Tensor, dy: Tensor, wantsInput: Bool, on tape: Tape, in workspace: Workspace) {
        let width = x.columns, parameters = tape.parameters
        workspace.scope {
            let normalised = workspace.tensor(x.rows, width), projected = workspace.tensor(x.rows, 3 * width)
            let slope = workspace.tensor(x.rows, width), mixed = workspace.tensor(x.rows, width), slopes = workspace.tensor(x.rows, 3 * width)
            let matrix = parameters.matrix(of: output).matrix
            workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
                normalised.rows(rows).copy(from: x.rows(rows))
                norm(normalised.rows(rows).pointer, rows: rows.count)
                qkv(normalised.rows(rows).pointer, rows: rows.count, into: projected.rows(rows).pointer)
                product(
                    m: rows.count, n: width, k: width, dy.rows(rows).pointer, width, matrix.pointer, width,
                    into: slope.rows(rows).pointer, width)
            }
            attendBackward(projected, dy: slope, into: slopes, result: mixed, on: tape, in: workspace)
            output.backward(mixed, dy: dy, into: nil, on: tape, in: workspace)
            slope.fill(0)
            let wantsSlope = wantsInput || parameters.areTrained(norm)
            qkv.backward(normalised, dy: slopes, into: wantsSlope ? slope : nil, on: tape, in: workspace)
            guard wantsSlope else { return }
            norm.backward(x, dy: slope, on: tape, in: workspace)
            add(dy.pointer, slope.pointer, into: dy.pointer, count: dy.count)
        }
    }

    /// Through the heads of each window, and to the biases and the filling tokens: these are the norm's bias, projected.
    private func attendBackward(
        _ projected: Tensor, dy: Tensor, into slopes: Tensor, result: Tensor, on tape: Tape, in workspace: Workspace
    ) {
        let size = dy.columns / heads, parameters = tape.parameters, keys = grid.window * grid.window
        let attention = WindowAttentionGradient(
            squares: grid, heads: heads, headSize: size,
            layout: { (q: 3 * $0 * size, k: (3 * $0 + 1) * size, v: (3 * $0 + 2) * size) }, filling: filling)
        let table = parameters.gradient(of: biases.table), normBias = parameters.gradient(of: norm.bias)
        workspace.scope {
            let shares = table.map { _ in workspace.tensor(attention.itemCount, keys) }
            let fillings = normBias != nil || parameters.areTrained(qkv) ? workspace.tensor(grid.count, projected.columns) : nil
            shares?.fill(0)
            attention(
                projected, dy: dy, into: slopes, fillings: fillings, result: result, scratch: biases.gradientScratch, in: workspace
            ) { item in
                item.scratch.update(repeating: 0, count: biases.gradientScratch)
            } addBias: { item, part, scores in
                for row in 0..<part.count {
                    let (y, x) = item.place(part.lowerBound + row), line = scores + row * keys
                    add(line, biases.line(head: item.head, y: y, x: x), into: line, count: keys)
                }
            } take: { item, part, slopes in
                guard shares != nil else { return }
                for row in 0..<part.count {
                    let (y, x) = item.place(part.lowerBound + row)
                    biases.add(slopes + row * keys, y: y, x: x, to: item.scratch)
                }
            } end: { item in
                if let shares { biases.gather(item.scratch, to: shares.pointer + (item.square * heads + item.head) * keys) }
            }
            if let table, let shares {
                addColumnSums(shares.reshaped(rows: grid.count, columns: heads * keys), to: table.reshaped(rows: 1, columns: table.count))
            }
            if let fillings {
                let sum = workspace.tensor(1, fillings.columns)
                sum.fill(0)
                addColumnSums(fillings, to: sum)
                qkv.backward(norm.bias, dy: sum, into: normBias, on: tape, in: workspace)
            }
        }
    }
}
