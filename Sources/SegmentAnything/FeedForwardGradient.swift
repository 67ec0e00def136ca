import Tensor

/// The way back through z + narrow(gelu(widen(norm(z)))), the second half of a transformer's block.
struct FeedForwardGradient {
    let norm: LayerNorm
    let widen: Linear
    let narrow: Linear

    /// Tokens that go back at a time, since what lies between is four times as wide as they are.
    private static let chunkRows = 1024

    /// - Parameters:
    ///   - z: `tokens × width`.
    ///   - dy: the result's gradient, replaced by that of z.
    func callAsFunction(_ z: Tensor, dy: Tensor, on tape: Tape, in workspace: Workspace) {
        let width = z.columns, hidden = widen.outputs, most = min(Self.chunkRows, z.rows)
        workspace.scope {
            let memory = (0..<2).map { _ in workspace.tensor(most, width) }, wide = (0..<3).map { _ in workspace.tensor(most, hidden) }
            for first in stride(from: 0, to: z.rows, by: most) {
                let rows = 0..<min(most, z.rows - first), z = z.rows(first..<first + rows.count), dy = dy.rows(first..<first + rows.count)
                let normalised = memory[0].rows(rows), slope = memory[1].rows(rows)
                let raw = wide[0].rows(rows), active = wide[1].rows(rows), wideSlope = wide[2].rows(rows)
                workspace.parallelRows(rows.count, tile: productTileRows) { rows, _ in
                    normalised.rows(rows).copy(from: z.rows(rows))
                    norm(normalised.rows(rows).pointer, rows: rows.count)
                    widen(normalised.rows(rows).pointer, rows: rows.count, into: raw.rows(rows).pointer)
                    active.rows(rows).copy(from: raw.rows(rows))
                    finish(active.rows(rows).pointer, rows: rows.count, columns: hidden, stride: hidden, bias: nil, activation: .gelu)
                }
                wideSlope.fill(0)
                narrow.backward(active, dy: dy, into: wideSlope, on: tape, in: workspace)
                workspace.parallelRows(rows.count, tile: productTileRows) { rows, _ in
                    activationBackward(.gelu, raw.rows(rows).pointer, dy: wideSlope.rows(rows).pointer, count: rows.count * hidden)
                }
                slope.fill(0)
                widen.backward(normalised, dy: wideSlope, into: slope, on: tape, in: workspace)
                norm.backward(z, dy: slope, on: tape, in: workspace)
                add(dy.pointer, slope.pointer, into: dy.pointer, count: dy.count)
            }
        }
    }
}
