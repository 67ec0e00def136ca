import Tensor

/// x ← x + attention(norm(x)) in windows; x ← filter(x), 3×3 a channel; x ← x + mlp(norm(x)). LayerNorm ε 1e-5, GELU exact.
struct TinyViTBlock: Sendable {
    /// Tokens on one side of the picture.
    let side: Int
    let attention: TinyViTAttention
    let filter: DepthwiseConvolution
    let norm: LayerNorm
    let widen: Linear
    let narrow: Linear

    init(_ checkpoint: Checkpoint, _ prefix: String, _ stage: TinyViTStage, mlpRatio: Int) throws(CheckpointError) {
        let width = stage.width
        side = stage.side
        attention = try TinyViTAttention(checkpoint, prefix + "attn.", stage)
        filter = try checkpoint.foldedDepthwise(prefix + "local_conv", channels: width, kernel: 3, stride: 1)
        norm = try checkpoint.norm(prefix + "mlp.norm", width, epsilon: TinyViT.epsilon)
        widen = try checkpoint.linear(prefix + "mlp.fc1", in: width, out: mlpRatio * width)
        narrow = try checkpoint.linear(prefix + "mlp.fc2", in: mlpRatio * width, out: width)
    }

    /// In place on `side² × width`.
    func callAsFunction(_ x: Tensor, in workspace: Workspace) {
        let width = x.columns, line = side * width
        // Some 132 tokens, but whole rows, because of the filter.
        let tileRows = max(1, productTileRows / side)
        if let tape = workspace.tape { record(x, on: tape) }
        workspace.scope {
            let padded = picture(width, in: workspace)
            attention(x, in: workspace) { token, count, sum in
                (padded.row(token / side) + token % side * width).update(from: sum, count: count * width)
            }
            let tokens = tileRows * side
            workspace.parallelRows(side, tile: tileRows, scratch: tokens * (2 * width + widen.outputs)) { rows, filtered in
                let normalised = filtered + tokens * width, wide = normalised + tokens * width
                for row in rows {
                    padded.withWindow(top: row - filter.padding, kernel: filter.kernel, height: side) { window in
                        filter.row(window, width: side, into: filtered + (row - rows.lowerBound) * line)
                    }
                }
                normalised.update(from: filtered, count: rows.count * line)
                norm(normalised, rows: rows.count * side)
                widen(normalised, rows: rows.count * side, activation: .gelu, into: wide)
                narrow(
                    wide, rows: rows.count * side, skip: UnsafePointer(filtered), into: x.pointer + rows.lowerBound * line)
            }
        }
    }

    /// Room for the picture with the filter's padding.
    func picture(_ width: Int, in workspace: Workspace) -> RowRing {
        let memory = workspace.tensor(RowRing.size(slots: side, width: side, channels: width, padding: filter.padding), 1)
        return RowRing(memory.pointer, slots: side, width: side, channels: width, padding: filter.padding)
    }
}
