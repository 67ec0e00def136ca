import Tensor

/// x ← x + attention(norm1(x)); x ← x + mlp(norm2(x)). LayerNorm ε 1e-6, GELU exact.
struct VisionTransformerBlock: Sendable {
    let grid: Int
    let heads: Int
    /// Side of an attention window in tokens; 0: attention over the whole picture.
    let window: Int
    let norm1: LayerNorm
    let qkv: Linear
    let relativePositions: RelativePositions
    let output: Linear
    let norm2: LayerNorm
    let widen: Linear
    let narrow: Linear

    init(
        _ checkpoint: Checkpoint, _ prefix: String, grid: Int, width: Int, heads: Int, window: Int
    ) throws(CheckpointError) {
        let span = window > 0 ? window : grid
        self.grid = grid
        self.heads = heads
        self.window = window
        norm1 = try checkpoint.norm(prefix + "norm1", width, epsilon: 1e-6)
        qkv = try checkpoint.linear(prefix + "attn.qkv", in: width, out: 3 * width)
        relativePositions = RelativePositions(
            vertical: try checkpoint.tensor(prefix + "attn.rel_pos_h", 2 * span - 1, width / heads),
            horizontal: try checkpoint.tensor(prefix + "attn.rel_pos_w", 2 * span - 1, width / heads), span: span)
        output = try checkpoint.linear(prefix + "attn.proj", in: width, out: width)
        norm2 = try checkpoint.norm(prefix + "norm2", width, epsilon: 1e-6)
        widen = try checkpoint.linear(prefix + "mlp.lin1", in: width, out: 4 * width)
        narrow = try checkpoint.linear(prefix + "mlp.lin2", in: 4 * width, out: width)
    }

    /// In place on `grid² × width`.
    func callAsFunction(_ x: Tensor, in workspace: Workspace) {
        workspace.scope {
            let normalised = workspace.tensor(x.rows, x.columns)
            workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
                let tile = normalised.pointer + rows.lowerBound * x.columns
                tile.update(from: x.pointer + rows.lowerBound * x.columns, count: rows.count * x.columns)
                norm1(tile, rows: rows.count)
            }
            if window > 0 {
                windowed(normalised, adding: x, in: workspace)
            } else {
                let mixed = workspace.tensor(x.rows, x.columns)
                attend(normalised, windows: 1, into: mixed, in: workspace)
                workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
                    add(
                        x.pointer + rows.lowerBound * x.columns, mixed.pointer + rows.lowerBound * x.columns,
                        into: x.pointer + rows.lowerBound * x.columns, count: rows.count * x.columns)
                }
            }
        }
        feedForward(x, in: workspace)
    }

    private func feedForward(_ x: Tensor, in workspace: Workspace) {
        let width = x.columns, hidden = widen.outputs
        workspace.parallelRows(x.rows, tile: productTileRows, scratch: productTileRows * (2 * width + hidden)) { rows, scratch in
            let tile = x.pointer + rows.lowerBound * width, count = rows.count * width
            let wide = scratch + productTileRows * width, result = wide + productTileRows * hidden
            scratch.update(from: tile, count: count)
            norm2(scratch, rows: rows.count)
            widen(scratch, rows: rows.count, activation: .gelu, into: wide)
            narrow(wide, rows: rows.count, into: result)
            add(tile, result, into: tile, count: count)
        }
    }

    /// Splits the picture into windows, padded with zero tokens at its right and lower edge, and adds the result to x.
    private func windowed(_ normalised: Tensor, adding x: Tensor, in workspace: Workspace) {
        let perSide = (grid + window - 1) / window, windows = perSide * perSide, width = x.columns
        let split = workspace.tensor(windows * window * window, width)
        forEachRun(perSide) { token, place, count in
            guard token >= 0 else {
                (split.pointer + place * width).update(repeating: 0, count: count * width)
                return
            }
            (split.pointer + place * width).update(from: normalised.pointer + token * width, count: count * width)
        }
        let mixed = workspace.tensor(split.rows, width)
        attend(split, windows: windows, into: mixed, in: workspace)
        forEachRun(perSide) { token, place, count in
            guard token >= 0 else { return }
            let line = x.pointer + token * width
            add(line, mixed.pointer + place * width, into: line, count: count * width)
        }
    }

    /// Calls `body(first token or −1 for padding, first place in its window, count)` for each piece of a window's row.
    private func forEachRun(_ perSide: Int, _ body: (Int, Int, Int) -> Void) {
        for index in 0..<(perSide * perSide) {
            let top = index / perSide * window, left = index % perSide * window
            let real = min(window, grid - left)
            for row in 0..<window {
                let place = (index * window + row) * window
                if top + row < grid {
                    body((top + row) * grid + left, place, real)
                    if real < window { body(-1, place + real, window - real) }
                } else {
                    body(-1, place, window)
                }
            }
        }
    }

    /// Multi-head attention inside each of `windows` squares that follow one another in `x`, then the output layer.
    private func attend(_ x: Tensor, windows: Int, into y: Tensor, in workspace: Workspace) {
        let width = x.columns, headSize = width / heads, span = relativePositions.span, tokens = span * span
        // Whole rows of the square, some 128 queries at a time.
        let blockRows = max(1, min(span, 128 / span)), block = blockRows * span
        let blocksPerHead = (span + blockRows - 1) / blockRows
        workspace.scope {
            let projected = workspace.tensor(x.rows, 3 * width)
            qkv(x, into: projected, in: workspace)
            let mixed = workspace.tensor(x.rows, width)
            let scratch = block * tokens + RelativePositions.scratch(block: block, span: span)
            workspace.parallel(windows * heads * blocksPerHead, scratch: scratch) { item, scores in
                let part = item % blocksPerHead, head = item / blocksPerHead % heads
                let square = item / blocksPerHead / heads
                let q = projected.pointer + square * tokens * 3 * width + head * headSize
                let rows = part * blockRows..<min(span, (part + 1) * blockRows)
                attentionBlock(
                    queries: q, block: rows.lowerBound * span..<rows.upperBound * span, keys: q + width,
                    values: q + 2 * width, count: tokens, stride: 3 * width, headSize: headSize, scores: scores,
                    into: mixed.pointer + square * tokens * width + head * headSize, outStride: width
                ) { scores in
                    relativePositions.add(
                        queries: q, stride: 3 * width, rows: rows, to: scores, scratch: scores + block * tokens)
                }
            }
            output(mixed, into: y, in: workspace)
        }
    }
}

/// Decomposed relative positions (Li et al., MViTv2, as in SAM): the score of query (y, x) and key (y', x') gets
/// q · R_h[y − y' + S − 1] + q · R_w[x − x' + S − 1], S being the side of the square.
struct RelativePositions: Sendable {
    let span: Int
    // Reversed, so that for one query row the entries of successive keys follow one another.
    private let vertical: Tensor
    private let horizontal: Tensor

    init(vertical: Tensor, horizontal: Tensor, span: Int) {
        self.span = span
        self.vertical = Self.reversed(vertical)
        self.horizontal = Self.reversed(horizontal)
    }

    private static func reversed(_ table: Tensor) -> Tensor {
        let result = Tensor(rows: table.rows, columns: table.columns)
        for row in 0..<table.rows {
            (result.pointer + row * table.columns).update(
                from: table.pointer + (table.rows - 1 - row) * table.columns, count: table.columns)
        }
        return result
    }

    static func scratch(block: Int, span: Int) -> Int { 2 * block * span }

    /// Adds to the scores of `rows`' queries (`rows.count · span` lines of `span²`).
    func add(
        queries q: UnsafePointer<Float>, stride: Int, rows: Range<Int>, to scores: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let size = vertical.columns, queries = rows.count * span
        let down = scratch, across = scratch + queries * span
        for row in rows {
            product(
                m: span, n: span, k: size, q + row * span * stride, stride, vertical.pointer + (span - 1 - row) * size,
                size, transposeB: true, into: down + (row - rows.lowerBound) * span * span, span)
        }
        for column in 0..<span {
            product(
                m: rows.count, n: span, k: size, q + (rows.lowerBound * span + column) * stride, span * stride,
                horizontal.pointer + (span - 1 - column) * size, size, transposeB: true,
                into: across + column * span, span * span)
        }
        for query in 0..<queries {
            let line = scores + query * span * span, columnBias = across + query * span
            for keyRow in 0..<span {
                addScalar(columnBias, down[query * span + keyRow], to: line + keyRow * span, count: span)
            }
        }
    }
}
