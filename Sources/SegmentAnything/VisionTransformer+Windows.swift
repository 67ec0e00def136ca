import Tensor

extension VisionTransformer: WindowedEncoder {
    public func callAsFunction(_ input: Tensor, tokens: TokenSet, into embedding: Tensor, in workspace: Workspace) {
        precondition(tokens.side == grid && embedding.rows == tokens.count)
        workspace.scope {
            let x = workspace.tensor(tokens.count, positions.columns)
            embedPatches(input, of: tokens, into: x, in: workspace)
            for block in blocks { block(x, tokens: tokens, in: workspace) }
            neck(x, tokens: tokens, into: embedding, in: workspace)
        }
    }

    /// - Parameter x: `tokens.count × width`, written.
    private func embedPatches(_ input: Tensor, of tokens: TokenSet, into x: Tensor, in workspace: Workspace) {
        let side = grid * patchEmbed.stride, width = x.columns
        workspace.parallel(tokens.runs.count, scratch: grid * patchEmbed.linear.inputs) { index, patches in
            let run = tokens.runs[index], first = run.y * grid + run.x, line = x.pointer + run.place * width
            patchEmbed.gather(
                input.pointer, height: side, width: side, outWidth: grid, rows: first..<first + run.count, into: patches)
            patchEmbed.linear(patches, rows: run.count, into: line)
            add(line, positions.pointer + first * width, into: line, count: run.count * width)
        }
    }
}
