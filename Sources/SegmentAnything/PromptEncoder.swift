import Tensor

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// SAM's prompt encoder: points and boxes become sparse embeddings, a mask becomes a dense one.
public struct PromptEncoder: Sendable {
    /// Position embedding of every token of the image: `gridSize² × dim`.
    public let densePositions: Tensor
    /// What stands for "no mask": `1 × dim`.
    public let noMask: Tensor

    let grid: Int
    let imageSize: Float
    let gaussian: Tensor
    let notAPoint: Tensor
    /// Background point, foreground point, upper left and lower right corner of a box.
    let kinds: [Tensor]
    let mask1: Convolution
    let maskNorm1: LayerNorm
    let mask2: Convolution
    let maskNorm2: LayerNorm
    let mask3: Linear

    public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        let configuration = checkpoint.configuration, prefix = "prompt_encoder."
        let dim = configuration.transformerDim, channels = configuration.maskInChans
        grid = configuration.gridSize
        imageSize = Float(configuration.imageSize)
        gaussian = try checkpoint.tensor(prefix + "pe_layer.positional_encoding_gaussian_matrix", 2, dim / 2)
        notAPoint = try checkpoint.tensor(prefix + "not_a_point_embed.weight", 1, dim)
        noMask = try checkpoint.tensor(prefix + "no_mask_embed.weight", 1, dim)
        var kinds: [Tensor] = []
        for kind in 0..<4 { kinds.append(try checkpoint.tensor(prefix + "point_embeddings.\(kind).weight", 1, dim)) }
        self.kinds = kinds
        let down = prefix + "mask_downscaling."
        mask1 = try checkpoint.convolution(down + "0", in: 1, out: channels / 4, kernel: 2, stride: 2)
        maskNorm1 = try checkpoint.norm(down + "1", channels / 4, epsilon: 1e-6)
        mask2 = try checkpoint.convolution(down + "3", in: channels / 4, out: channels, kernel: 2, stride: 2)
        maskNorm2 = try checkpoint.norm(down + "4", channels, epsilon: 1e-6)
        mask3 = try checkpoint.pointwise(down + "6", in: channels, out: dim)
        let positions = Tensor(rows: grid * grid, columns: dim)
        for token in 0..<(grid * grid) {
            Self.encode(
                x: (Float(token % grid) + 0.5) / Float(grid), y: (Float(token / grid) + 0.5) / Float(grid),
                gaussian: gaussian, into: positions.pointer + token * dim)
        }
        densePositions = positions
    }

    /// Random Fourier features: c ← 2π · (2c − 1) · G, [sin c, cos c]; x and y lie in 0…1.
    private static func encode(x: Float, y: Float, gaussian: Tensor, into target: UnsafeMutablePointer<Float>) {
        let half = gaussian.columns, matrix = gaussian.pointer
        for index in 0..<half {
            let angle = 2 * Float.pi * ((2 * x - 1) * matrix[index] + (2 * y - 1) * matrix[half + index])
            target[index] = sin(angle)
            target[half + index] = cos(angle)
        }
    }

    /// How many sparse embeddings a prompt becomes: one a point, two a box; points alone bring a padding point.
    public func tokenCount(_ prompt: Prompt) -> Int {
        prompt.points.count + (prompt.box != nil ? 2 : prompt.points.isEmpty ? 0 : 1)
    }

    /// Points first, then the padding point or the corners of the box.
    ///
    /// - Parameters:
    ///   - prompt: in pixels of the model's input.
    ///   - sparse: `tokenCount × dim`, written.
    public func encode(_ prompt: Prompt, into sparse: Tensor, in workspace: Workspace) {
        precondition(sparse.rows == tokenCount(prompt))
        if let tape = workspace.tape { recordSparse(prompt, sparse, on: tape) }
        var row = 0
        func place(x: Float, y: Float, kind: Int) {
            let target = sparse.pointer + row * sparse.columns
            // Coordinates name a pixel; its centre is half a pixel further.
            Self.encode(x: (x + 0.5) / imageSize, y: (y + 0.5) / imageSize, gaussian: gaussian, into: target)
            add(target, kinds[kind].pointer, into: target, count: sparse.columns)
            row += 1
        }
        for point in prompt.points { place(x: point.x, y: point.y, kind: point.label.rawValue) }
        if let box = prompt.box {
            place(x: box.left, y: box.top, kind: 2)
            place(x: box.right, y: box.bottom, kind: 3)
        } else if !prompt.points.isEmpty {
            (sparse.pointer + row * sparse.columns).update(from: notAPoint.pointer, count: sparse.columns)
        }
    }

    /// The dense embedding of a mask's logits.
    ///
    /// - Parameters:
    ///   - logits: `(4·gridSize)²`, row by row.
    ///   - isDetached: while a model is tuned, nothing flows back to the logits.
    ///   - dense: `gridSize² × dim`, written.
    public func encode(maskLogits logits: Tensor, isDetached: Bool = true, into dense: Tensor, in workspace: Workspace) {
        if let tape = workspace.tape { recordDense(logits, isDetached: isDetached, dense, on: tape) }
        let tileRows = 128, quarter = mask1.outputs, channels = mask2.outputs
        workspace.parallelRows(grid * grid, tile: tileRows, scratch: tileRows * (16 + 4 * quarter + channels)) { rows, scratch in
            let patches = scratch, first = patches + 16 * rows.count, second = first + 4 * quarter * rows.count
            gatherPatches(logits, rows, into: patches)
            let count = rows.count
            mask1.linear(patches, rows: 4 * count, into: first)
            maskNorm1(first, rows: 4 * count)
            finish(first, rows: 4 * count, columns: quarter, stride: quarter, bias: nil, activation: .gelu)
            mask2.linear(first, rows: count, into: second)
            maskNorm2(second, rows: count)
            finish(second, rows: count, columns: channels, stride: channels, bias: nil, activation: .gelu)
            mask3(second, rows: count, into: dense.pointer + rows.lowerBound * dense.columns)
        }
    }
    /// A token's 4×4 logits in quad order: four 2×2 patches, which become the 2×2 patch of the second layer.
    func gatherPatches(_ logits: Tensor, _ rows: Range<Int>, into patches: UnsafeMutablePointer<Float>) {
        for row in rows {
            let patch = patches + (row - rows.lowerBound) * 16
            for index in 0..<16 { patch[index] = logits.pointer[pixel(of: row, index)] }
        }
    }

    /// Where the index-th logit of a token's patch lies.
    func pixel(of token: Int, _ index: Int) -> Int {
        let side = 4 * grid, corner = token / grid * 4 * side + token % grid * 4
        let y = index >> 3 & 1, x = index >> 2 & 1
        return corner + (2 * y + (index >> 1 & 1)) * side + 2 * x + (index & 1)
    }
}
