import Tensor

extension EncoderNeck {
    /// The neck over some of the tokens; the others are zero before the 3×3 convolution, as is what lies beyond the picture.
    ///
    /// - Parameters:
    ///   - x: `tokens.count × inputs`.
    ///   - embedding: `tokens.count × transformerDim`, written.
    func callAsFunction(_ x: Tensor, tokens: TokenSet, into embedding: Tensor, in workspace: Workspace) {
        let side = tokens.side, width = embedding.columns
        workspace.scope {
            let narrow = workspace.tensor(side * side, width)
            narrow.fill(0)
            workspace.parallel(tokens.runs.count) { index, _ in
                let run = tokens.runs[index], line = narrow.pointer + (run.y * side + run.x) * width
                pointwise(x.pointer + run.place * x.columns, rows: run.count, into: line)
                norm1(line, rows: run.count)
            }
            let inputs = convolution.linear.inputs
            workspace.parallel(tokens.runs.count, scratch: side * inputs) { index, patches in
                let run = tokens.runs[index], first = run.y * side + run.x
                convolution.gather(
                    narrow.pointer, height: side, width: side, outWidth: side, rows: first..<first + run.count, into: patches)
                let line = embedding.pointer + run.place * width
                convolution.linear(patches, rows: run.count, into: line)
                norm2(line, rows: run.count)
            }
        }
    }
}
