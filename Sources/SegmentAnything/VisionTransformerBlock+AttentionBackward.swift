import Tensor

extension VisionTransformerBlock {
    /// The way back through the heads of each window, or of the whole picture.
    ///
    /// A window that is filled up has keys and values that are the projection's bias: what they get is the bias's gradient.
    ///
    /// - Parameters:
    ///   - projected: q, k and v, `grid² × 3·width`.
    ///   - dy: of what the heads gathered, `grid² × width`.
    ///   - slopes: of q, k and v; written.
    func attendBackward(_ projected: Tensor, dy: Tensor, into slopes: Tensor, on tape: Tape, in workspace: Workspace) {
        let width = dy.columns, size = width / heads, positions = relativePositions, keys = positions.span * positions.span
        let attention = WindowAttentionGradient(
            squares: WindowGrid(side: grid, window: positions.span), heads: heads, headSize: size,
            layout: { (q: $0 * size, k: width + $0 * size, v: 2 * width + $0 * size) }, filling: padding)
        let bias = tape.parameters.matrix(of: qkv).bias?.gradient
        let vertical = tape.parameters.gradient(of: positions.verticalTable)
        let horizontal = tape.parameters.gradient(of: positions.horizontalTable)
        workspace.scope {
            // Each square and head has a share of its own, so that the sums' order does not depend on who comes first.
            let verticalShares = vertical.map { workspace.tensor(attention.itemCount, $0.count) }
            let horizontalShares = horizontal.map { workspace.tensor(attention.itemCount, $0.count) }
            let fillings = bias.map { _ in workspace.tensor(attention.squares.count, 3 * width) }
            func share(_ shares: Tensor?, _ item: WindowAttentionGradient.Item) -> Tensor? {
                let index = item.square * heads + item.head
                return shares?.rows(index..<index + 1)
            }
            attention(
                projected, dy: dy, into: slopes, fillings: fillings, scratch: positions.backwardScratch(queries: attention.block),
                in: workspace
            ) { item in
                share(verticalShares, item)?.fill(0)
                share(horizontalShares, item)?.fill(0)
            } addBias: { item, part, scores in
                positions.project(item.queries + part.lowerBound * size, rows: part.count, into: item.scratch)
                for row in 0..<part.count {
                    let (y, x) = item.place(part.lowerBound + row)
                    positions.add(item.scratch, row: row, rows: part.count, y: y, x: x, keys: 0..<keys, to: scores + row * keys)
                }
            } take: { item, part, slopes in
                positions.backward(
                    item.queries + part.lowerBound * size, rows: part.count, slopes: slopes,
                    place: { item.place(part.lowerBound + $0) }, into: item.slopes + part.lowerBound * size,
                    share(verticalShares, item), share(horizontalShares, item), scratch: item.scratch)
            }
            if let bias, let fillings { addColumnSums(fillings, to: bias) }
            for (gradient, shares) in [(vertical, verticalShares), (horizontal, horizontalShares)] {
                guard let gradient, let shares else { continue }
                addColumnSums(shares, to: gradient.reshaped(rows: 1, columns: gradient.count))
            }
        }
    }
}
