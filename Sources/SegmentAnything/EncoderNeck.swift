import Tensor

/// What ends SAM's image encoders: a pointwise and a 3×3 convolution to the decoders' width, each followed by a LayerNorm
/// over channels (ε 1e-6).
struct EncoderNeck: Sendable {
    let pointwise: Linear
    let norm1: LayerNorm
    let convolution: Convolution
    let norm2: LayerNorm

    init(_ checkpoint: Checkpoint, _ prefix: String, in inputs: Int) throws(CheckpointError) {
        let out = checkpoint.configuration.transformerDim
        pointwise = try checkpoint.pointwise(prefix + "0", in: inputs, out: out, bias: false)
        norm1 = try checkpoint.norm(prefix + "1", out, epsilon: 1e-6)
        convolution = try checkpoint.convolution(prefix + "2", in: out, out: out, kernel: 3, padding: 1, bias: false)
        norm2 = try checkpoint.norm(prefix + "3", out, epsilon: 1e-6)
    }

    func products(rows: Int) -> [ProductSize] { [pointwise.size(rows: rows), convolution.linear.size(rows: rows)] }

    /// - Parameters:
    ///   - x: `side² × inputs`.
    ///   - embedding: `side² × transformerDim`, written.
    func callAsFunction(_ x: Tensor, side: Int, into embedding: Tensor, in workspace: Workspace) {
        workspace.scope {
            let narrow = workspace.tensor(x.rows, embedding.columns)
            workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
                let tile = narrow.pointer + rows.lowerBound * narrow.columns
                pointwise(x.pointer + rows.lowerBound * x.columns, rows: rows.count, into: tile)
                norm1(tile, rows: rows.count)
            }
            convolution(narrow, height: side, width: side, into: embedding, in: workspace) { tile, rows in
                norm2(tile, rows: rows.count)
            }
        }
        if let tape = workspace.tape { record(x, side: side, embedding, on: tape) }
    }
}
