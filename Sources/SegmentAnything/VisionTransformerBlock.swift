import Tensor

/// x ← x + attention(norm1(x)); x ← x + mlp(norm2(x)). LayerNorm ε 1e-6, GELU exact.
struct VisionTransformerBlock: Sendable {
    let grid: Int
    let heads: Int
    /// Side of an attention window in tokens; 0: attention over the whole picture.
    let window: Int
    let norm1: LayerNorm
    let qkv: Linear
    /// What `qkv` makes of a token of zeros: its bias.
    let padding: Tensor
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
        qkv = try checkpoint.linear(prefix + "attn.qkv", in: width, out: 3 * width, keepsHalf: true)
        padding = Tensor(rows: 1, columns: 3 * width)
        let zeros = Tensor(rows: 1, columns: width)
        zeros.fill(0)
        qkv(zeros, into: padding)
        relativePositions = RelativePositions(
            vertical: try checkpoint.tensor(prefix + "attn.rel_pos_h", 2 * span - 1, width / heads),
            horizontal: try checkpoint.tensor(prefix + "attn.rel_pos_w", 2 * span - 1, width / heads), span: span)
        output = try checkpoint.linear(prefix + "attn.proj", in: width, out: width, keepsHalf: true)
        norm2 = try checkpoint.norm(prefix + "norm2", width, epsilon: 1e-6)
        widen = try checkpoint.linear(prefix + "mlp.lin1", in: width, out: 4 * width, keepsHalf: true)
        narrow = try checkpoint.linear(prefix + "mlp.lin2", in: 4 * width, out: width, keepsHalf: true)
        checkpoint.tuning?.parameters.derive { [qkv, padding, relativePositions] in
            qkv(zeros, into: padding)
            relativePositions.refresh()
        }
    }

    /// In place on `grid² × width`, or on `tokens.count × width` where there is nothing but some of the tokens.
    func callAsFunction(_ x: Tensor, tokens: TokenSet? = nil, in workspace: Workspace) {
        workspace.scope {
            let width = x.columns, tile = evenProductTileRows(x.rows)
            let projected = workspace.tensor(x.rows, 3 * width), mixed = workspace.tensor(x.rows, width)
            workspace.parallelRows(x.rows, tile: tile, scratch: tile * width) { rows, normalised in
                normalised.update(from: x.pointer + rows.lowerBound * width, count: rows.count * width)
                norm1(normalised, rows: rows.count)
                qkv(normalised, rows: rows.count, into: projected.pointer + rows.lowerBound * 3 * width)
            }
            if window > 0 {
                attendInWindows(projected, tokens, into: mixed, in: workspace)
            } else {
                attendEverywhere(projected, tokens, into: mixed, in: workspace)
            }
            if let tape = workspace.tape { record(x, mixed, on: tape) }
            workspace.parallelRows(x.rows, tile: tile, scratch: tile * width) { rows, result in
                output(mixed.pointer + rows.lowerBound * width, rows: rows.count, into: result)
                let line = x.pointer + rows.lowerBound * width
                add(line, result, into: line, count: rows.count * width)
            }
        }
        feedForward(x, in: workspace)
    }

    /// Linear layers, and scores and gathered values of every head; without the relative positions.
    var products: [ProductSize] {
        let tokens = grid * grid, headSize = output.inputs / heads
        let windows = window > 0 ? WindowGrid(side: grid, window: window).count : 1, keys = window > 0 ? window * window : tokens
        let queries = tokens / windows
        let attention = [Int](repeating: queries, count: heads * windows).flatMap {
            [ProductSize(rows: $0, inputs: headSize, outputs: keys), ProductSize(rows: $0, inputs: keys, outputs: headSize)]
        }
        return [qkv, output, widen, narrow].map { $0.size(rows: tokens) } + attention
    }

    private func feedForward(_ x: Tensor, in workspace: Workspace) {
        let width = x.columns, hidden = widen.outputs, tileRows = evenProductTileRows(x.rows)
        workspace.parallelRows(x.rows, tile: tileRows, scratch: tileRows * (2 * width + hidden)) { rows, scratch in
            let tile = x.pointer + rows.lowerBound * width, count = rows.count * width
            let wide = scratch + tileRows * width, result = wide + tileRows * hidden
            scratch.update(from: tile, count: count)
            norm2(scratch, rows: rows.count)
            widen(scratch, rows: rows.count, activation: .gelu, into: wide)
            narrow(wide, rows: rows.count, into: result)
            add(tile, result, into: tile, count: count)
        }
    }

    /// Multi-head attention over the whole picture, or over the tokens that there are.
    private func attendEverywhere(_ projected: Tensor, _ some: TokenSet?, into mixed: Tensor, in workspace: Workspace) {
        let width = mixed.columns, headSize = width / heads, tokens = mixed.rows, stride = projected.columns
        let attention = StreamedAttention(keys: tokens, headSize: headSize, lineKeys: some == nil ? grid : 1)
        let runs = some.map { KeyRuns($0, blockKeys: attention.blockKeys) }
        let most = StreamedAttention.blockQueries, blocks = (tokens + most - 1) / most
        let chunk = 1024, chunks = (tokens + chunk - 1) / chunk
        workspace.scope {
            let packed = workspace.tensor(heads, attention.packedSize)
            workspace.parallel(heads * chunks) { item, _ in
                let head = item / chunks, first = item % chunks * chunk
                let keys = projected.pointer + width + head * headSize
                attention.pack(first..<min(tokens, first + chunk), into: packed.pointer + head * packed.columns) {
                    UnsafePointer(keys + $0 * stride)
                } value: {
                    UnsafePointer(keys + $0 * stride + width)
                }
            }
            workspace.parallel(heads * blocks, scratch: attentionScratch(attention, queries: most)) { item, scratch in
                let head = item / blocks, first = item % blocks * most, count = min(tokens - first, most)
                attend(
                    attention, packed: packed.pointer + head * packed.columns, queries: count, keyRuns: runs, scratch: scratch
                ) { query in
                    let row = first + query, token = some.map { Int($0.tokens[row]) } ?? row
                    return Query(
                        source: projected.pointer + row * stride + head * headSize,
                        target: mixed.pointer + row * width + head * headSize, y: token / grid, x: token % grid)
                }
            }
        }
    }

    /// Multi-head attention inside each window. Windows at the right and lower edge are filled up with tokens that were zero
    /// before the projection, so they are its bias; they are keys like all others, but nobody asks for their result.
    private func attendInWindows(_ projected: Tensor, _ some: TokenSet?, into mixed: Tensor, in workspace: Workspace) {
        let width = mixed.columns, headSize = width / heads, tokens = window * window, stride = projected.columns
        let attention = StreamedAttention(keys: tokens, headSize: headSize, lineKeys: tokens)
        let windows = WindowGrid(side: grid, window: window)
        let queryScratch = attentionScratch(attention, queries: StreamedAttention.paddedQueries(tokens))
        workspace.parallel(windows.count * heads, scratch: queryScratch + attention.packedSize) { item, scratch in
            let area = windows[item / heads], offset = item % heads * headSize
            func row(_ y: Int, _ x: Int) -> Int {
                let token = area.token + y * grid + x
                return some.map { Int($0.places[token]) } ?? token
            }
            // A window's tokens are in the set all together or not at all.
            guard row(0, 0) >= 0 else { return }
            let packed = scratch + queryScratch
            func source(_ key: Int) -> UnsafePointer<Float> {
                let y = key / window, x = key % window, isReal = y < area.rows && x < area.columns
                return UnsafePointer(isReal ? projected.pointer + row(y, x) * stride : padding.pointer) + offset
            }
            attention.pack(0..<tokens, into: packed) { source($0) + width } value: { source($0) + 2 * width }
            attend(attention, packed: packed, queries: area.count, keyRuns: nil, scratch: scratch) { query in
                let y = query / area.columns, x = query % area.columns, row = row(y, x)
                return Query(
                    source: projected.pointer + row * stride + offset, target: mixed.pointer + row * width + offset, y: y, x: x)
            }
        }
    }

    /// Where a query's floats are, where its result goes, and its place in its square.
    private struct Query {
        let source: UnsafeMutablePointer<Float>
        let target: UnsafeMutablePointer<Float>
        let y: Int
        let x: Int
    }

    private func attentionScratch(_ attention: StreamedAttention, queries: Int) -> Int {
        let rows = StreamedAttention.paddedQueries(queries)
        return rows * (attention.headSize + attention.resultStride) + attention.scratch(queries: rows)
            + relativePositions.scratch(queries: rows)
    }

    @inline(__always)
    private func attend(
        _ attention: StreamedAttention, packed: UnsafePointer<Float>, queries count: Int, keyRuns: KeyRuns?,
        scratch: UnsafeMutablePointer<Float>, _ query: (Int) -> Query
    ) {
        let rows = StreamedAttention.paddedQueries(count), headSize = attention.headSize
        let queries = scratch, result = queries + rows * headSize, positions = result + rows * attention.resultStride
        let spare = positions + relativePositions.scratch(queries: rows)
        for row in 0..<count { (queries + row * headSize).update(from: query(row).source, count: headSize) }
        (queries + count * headSize).update(repeating: 0, count: (rows - count) * headSize)
        relativePositions.project(queries, rows: rows, into: positions)
        attention(queries, rows: rows, packed: packed, scratch: spare, into: result) { row, keys, scores in
            let place = query(min(row, count - 1))
            if let keyRuns {
                relativePositions.add(positions, row: row, rows: rows, y: place.y, x: place.x, runs: keyRuns[keys], to: scores)
            } else {
                relativePositions.add(positions, row: row, rows: rows, y: place.y, x: place.x, keys: keys, to: scores)
            }
        }
        for row in 0..<count { query(row).target.update(from: result + row * attention.resultStride, count: headSize) }
    }
}
