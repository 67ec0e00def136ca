import Tensor

extension VisualRelation {
    /// adapted ← keys + (R · keys) ⊙ scale, and the way back; the keys are packed already. R · keys is kept, since ∂scale needs it.
    func adapt(_ keys: Tensor, scale: Tensor, into adapted: Tensor, on tape: Tape, in workspace: Workspace) {
        let tokens = weights.rows, channels = keys.columns
        let related = tape.tensor(tokens, channels), nothing = workspace.tensor(tokens, channels), ones = workspace.tensor(1, channels)
        nothing.fill(0)
        ones.fill(1)
        workspace.parallelRows(tokens, tile: Self.adaptTile) { rows, _ in
            let start = rows.lowerBound * channels
            packedKeys.scaled(
                weights.pointer + rows.lowerBound * tokens, rows: rows.count, factors: rowFactors.pointer + rows.lowerBound,
                scale: ones.pointer, base: nothing.pointer + start, into: related.pointer + start)
            for row in rows {
                addProduct(
                    keys.pointer + row * channels, related.pointer + row * channels, scale.pointer, count: channels,
                    into: adapted.pointer + row * channels)
            }
        }
        let follows = tape.isFollowed(weights), seen = follows ? tape.keep(keys) : nil
        let dAdapted = tape.gradient(of: adapted), dKeys = tape.gradient(of: keys)
        tape.record { workspace in
            adaptBackward(
                dAdapted, related: related, scale: scale, scaleGradient: tape.parameters.gradient(of: scale), into: dKeys, in: workspace)
            if let seen { relate(dAdapted, scale: scale, keys: seen, into: tape.gradient(of: weights), in: workspace) }
            dAdapted.fill(0)
        }
    }

    /// dkeys += dy + Rᵀ · (dy ⊙ scale); ∂scale += Σ over tokens of dy ⊙ (R · keys).
    private func adaptBackward(
        _ dy: Tensor, related: Tensor, scale: Tensor, scaleGradient: Tensor?, into dKeys: Tensor, in workspace: Workspace
    ) {
        let tokens = weights.rows, channels = dy.columns
        if let scaleGradient {
            for row in 0..<tokens {
                addProduct(
                    scaleGradient.pointer, dy.pointer + row * channels, related.pointer + row * channels, count: channels,
                    into: scaleGradient.pointer)
            }
        }
        workspace.scope {
            // R = factor ⊙ weights by rows, so the factors go to what Rᵀ is multiplied with.
            let scaled = workspace.tensor(tokens, channels)
            for row in 0..<tokens {
                let line = scaled.pointer + row * channels
                line.update(repeating: 0, count: channels)
                addProduct(line, dy.pointer + row * channels, scale.pointer, count: channels, into: line)
                multiply(line, by: rowFactors.pointer[row], count: channels)
            }
            workspace.parallelRows(tokens, tile: Self.adaptTile) { rows, _ in
                let target = dKeys.pointer + rows.lowerBound * channels
                product(
                    m: rows.count, n: channels, k: tokens, weights.pointer + rows.lowerBound, tokens, transposeA: true, scaled.pointer,
                    channels, into: target, channels, beta: 1)
                add(target, dy.pointer + rows.lowerBound * channels, into: target, count: rows.count * channels)
            }
        }
    }

    /// ∂R += (dy ⊙ scale) · keysᵀ, `N × N`.
    private func relate(_ dy: Tensor, scale: Tensor, keys: Tensor, into dRelation: Tensor, in workspace: Workspace) {
        let tokens = weights.rows, channels = dy.columns
        workspace.parallelRows(tokens, tile: Self.adaptTile, scratch: Self.adaptTile * channels) { rows, scaled in
            scaled.update(repeating: 0, count: rows.count * channels)
            for row in 0..<rows.count {
                addProduct(
                    scaled + row * channels, dy.pointer + (rows.lowerBound + row) * channels, scale.pointer, count: channels,
                    into: scaled + row * channels)
            }
            product(
                m: rows.count, n: tokens, k: channels, scaled, channels, keys.pointer, channels, transposeB: true,
                into: dRelation.pointer + rows.lowerBound * tokens, tokens, beta: 1)
        }
    }

    /// Writes down the way back from the relation to the embedding.
    func recordUpdate(_ embedding: Tensor, isThresholded: Bool, on tape: Tape) {
        tape.follow(weights)
        let seen = tape.keep(embedding), dEmbedding = tape.gradient(of: embedding), dRelation = tape.gradient(of: weights)
        tape.record { workspace in
            updateBackward(seen, isThresholded: isThresholded, dRelation: dRelation, into: dEmbedding, in: workspace)
            dRelation.fill(0)
        }
    }

    /// With u = t/|t| and P the softmax's weights: dS = P ⊙ (dP − Σ P ⊙ dP), dU = (dS + dSᵀ)·U, dt = (dU − u (u · dU)) / |t|.
    ///
    /// Where a threshold was applied, R = P'/c by columns, P' being P with the small entries made zero: dP = (dR − Σ over rows of R ⊙ dR)/c
    /// where an entry was kept, and 0 where not. The entries that were not kept are in the softmax's sums all the same, so all of P is needed
    /// and is computed again.
    private func updateBackward(
        _ embedding: Tensor, isThresholded: Bool, dRelation: Tensor, into dEmbedding: Tensor, in workspace: Workspace
    ) {
        let tokens = embedding.rows, channels = embedding.columns, tile = 64
        if isThresholded {
            for column in 0..<tokens {
                var mean: Float = 0
                for row in 0..<tokens { mean += weights.pointer[row * tokens + column] * dRelation.pointer[row * tokens + column] }
                let factor = 1 / columnSums.pointer[column]
                for index in stride(from: column, to: tokens * tokens, by: tokens) {
                    dRelation.pointer[index] = weights.pointer[index] > 0 ? (dRelation.pointer[index] - mean) * factor : 0
                }
            }
        }
        workspace.scope {
            let units = workspace.tensor(tokens, channels), slopes = workspace.tensor(tokens, channels)
            Self.normalise(embedding, into: units, in: workspace)
            workspace.parallelRows(tokens, tile: tile, scratch: tile * tokens) { rows, block in
                let start = rows.lowerBound * tokens, count = rows.count * tokens
                if isThresholded {
                    product(
                        m: rows.count, n: tokens, k: channels, units.pointer + rows.lowerBound * channels, channels, units.pointer, channels,
                        transposeB: true, into: block, tokens)
                    exponentiate(block, count: count)
                    for row in rows { block[(row - rows.lowerBound) * tokens + row] = 0 }
                } else {
                    block.update(from: weights.pointer + start, count: count)
                }
                for row in rows {
                    let line = block + (row - rows.lowerBound) * tokens
                    multiply(line, by: softmaxFactors.pointer[row], count: tokens)
                    softmaxBackwardRow(line, dRelation.pointer + row * tokens, count: tokens)
                }
            }
            workspace.parallelRows(tokens, tile: tile) { rows, _ in
                let target = slopes.pointer + rows.lowerBound * channels
                product(
                    m: rows.count, n: channels, k: tokens, dRelation.pointer + rows.lowerBound * tokens, tokens, units.pointer, channels,
                    into: target, channels)
                product(
                    m: rows.count, n: channels, k: tokens, dRelation.pointer + rows.lowerBound, tokens, transposeA: true, units.pointer,
                    channels, into: target, channels, beta: 1)
                for row in rows {
                    let unit = units.pointer + row * channels, slope = slopes.pointer + row * channels
                    let source = embedding.pointer + row * channels
                    addScaled(unit, -dot(unit, slope, count: channels), to: slope, count: channels)
                    addScaled(
                        slope, 1 / (dot(source, source, count: channels).squareRoot() + 1e-16), to: dEmbedding.pointer + row * channels,
                        count: channels)
                }
            }
        }
    }
}
