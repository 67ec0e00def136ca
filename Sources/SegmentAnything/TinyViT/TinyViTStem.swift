import Tensor

/// TinyViT's patch embedding: two 3×3 convolutions of stride 2 with GELU between them.
///
/// What lies between is the largest picture of all, half the input's side. A tile makes only the rows it needs itself; the
/// one that neighbouring tiles share is made twice.
struct TinyViTStem: Sendable {
    let first: Convolution
    let second: Convolution

    /// Output rows of a tile.
    private static let tileRows = 4

    init(_ checkpoint: Checkpoint, _ prefix: String, width: Int) throws(CheckpointError) {
        first = try checkpoint.foldedConvolution(prefix + "seq.0", in: 3, out: width / 2, kernel: 3, stride: 2)
        second = try checkpoint.foldedConvolution(prefix + "seq.2", in: width / 2, out: width, kernel: 3, stride: 2)
    }

    /// - Parameters:
    ///   - input: `size² × 3`.
    ///   - y: `(size/4)² × width`, written.
    func callAsFunction(_ input: Tensor, size: Int, into y: Tensor, in workspace: Workspace) {
        let middle = first.outputSize(size), out = second.outputSize(middle), line = middle * first.outputs
        let made = ((Self.tileRows - 1) * second.stride + second.kernel) * line
        let chunk = min(out, productTileRows)
        let patches = max(middle * first.linear.inputs, chunk * second.linear.inputs)
        workspace.parallelRows(out, tile: Self.tileRows, scratch: made + patches) { rows, between in
            let patches = between + made
            let top = max(0, rows.lowerBound * second.stride - second.padding)
            let bottom = min(middle, (rows.upperBound - 1) * second.stride - second.padding + second.kernel)
            for row in top..<bottom {
                first.gather(
                    input.pointer, height: size, width: size, outWidth: middle, rows: row * middle..<(row + 1) * middle,
                    into: patches)
                first.linear(patches, rows: middle, activation: .gelu, into: between + (row - top) * line)
            }
            // Rows above `top` are outside the picture or not asked for, so the picture may be thought to begin there.
            let picture = UnsafePointer(between) - top * line
            let tokens = rows.lowerBound * out..<rows.upperBound * out
            for start in stride(from: tokens.lowerBound, to: tokens.upperBound, by: chunk) {
                let part = start..<min(start + chunk, tokens.upperBound)
                second.gather(picture, height: middle, width: middle, outWidth: out, rows: part, into: patches)
                second.linear(patches, rows: part.count, into: y.pointer + start * y.columns)
            }
        }
        if let tape = workspace.tape { record(input, size: size, y, on: tape) }
    }
}
