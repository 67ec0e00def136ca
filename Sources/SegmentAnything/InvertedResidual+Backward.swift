import Tensor

extension InvertedResidual {
    /// The widened and the filtered picture: what they were before the activation and after it.
    ///
    /// ReLU6 lets the gradient pass where its result lies inside 0 … 6, so that there the result alone is enough.
    private struct Pictures {
        let raw: RowRing
        let active: RowRing
        let rawFiltered: Tensor
        let filtered: Tensor
    }

    func isTrained(by parameters: ParameterSet) -> Bool {
        let first = switch source {
        case .pointwise(let layer): layer
        case .convolution(let layer): layer.linear
        }
        return parameters.areTrained(first, project) || depthwise.isTrained(by: parameters)
    }

    /// The block with the widened picture whole, and the way back written down. With ReLU6 both pictures are kept; with GELU,
    /// whose blocks see larger pictures, they are made anew.
    func recorded(_ x: Tensor, size: Int, wide: Int, into y: Tensor, on tape: Tape, in workspace: Workspace) {
        let out = depthwise.outputSize(wide), wantsInput = tape.hasSteps, input = tape.keep(x)
        var kept: Pictures?
        if activation == .relu6 {
            let memory = tape.tensor(pictureSize(wide), 1), filtered = tape.tensor(out * out, source.channels)
            whole(x, size: size, wide: wide, into: y, memory: memory, filtered: filtered, in: workspace)
            let ring = picture(wide, in: memory)
            kept = Pictures(raw: ring, active: ring, rawFiltered: filtered, filtered: filtered)
        } else {
            whole(x, size: size, wide: wide, into: y, in: workspace)
        }
        tape.record { [kept] workspace in
            let pictures = kept ?? self.pictures(input, size: size, wide: wide, in: workspace)
            backward(
                input, pictures, size: size, wide: wide, dy: tape.gradient(of: y), into: wantsInput ? tape.gradient(of: x) : nil,
                on: tape, in: workspace)
        }
    }

    private func pictures(_ x: Tensor, size: Int, wide: Int, in workspace: Workspace) -> Pictures {
        let out = depthwise.outputSize(wide), channels = source.channels
        let raw = picture(wide, in: workspace.tensor(pictureSize(wide), 1)), active = picture(wide, in: workspace.tensor(pictureSize(wide), 1))
        let rawFiltered = workspace.tensor(out * out, channels), filtered = workspace.tensor(out * out, channels)
        widen(x, size: size, wide: wide, activation: .none, into: raw, in: workspace)
        workspace.parallelRows(wide, tile: 1) { rows, _ in
            for row in rows {
                active.row(row).update(from: raw.row(row), count: wide * channels)
                finish(active.row(row), rows: wide, columns: channels, stride: channels, bias: nil, activation: activation)
            }
        }
        workspace.parallelRows(out, tile: 1) { rows, _ in
            for row in rows {
                let line = rawFiltered.rows(row * out..<(row + 1) * out), activeLine = filtered.rows(row * out..<(row + 1) * out)
                active.withWindow(top: row * depthwise.stride - depthwise.padding, kernel: depthwise.kernel, height: wide) {
                    depthwise.row($0, width: out, into: line.pointer)
                }
                activeLine.copy(from: line)
                finish(activeLine.pointer, rows: out, columns: channels, stride: channels, bias: nil, activation: activation)
            }
        }
        return Pictures(raw: raw, active: active, rawFiltered: rawFiltered, filtered: filtered)
    }

    /// - Parameters:
    ///   - dy: `outputSize(size)² × channels out`; zero afterwards.
    ///   - dx: `size² × channels in`, added to; nil where nobody asks.
    private func backward(
        _ x: Tensor, _ pictures: Pictures, size: Int, wide: Int, dy: Tensor, into dx: Tensor?, on tape: Tape, in workspace: Workspace
    ) {
        let out = depthwise.outputSize(wide), channels = source.channels
        if lastActivation != .none { undoLastActivation(x, pictures.filtered, dy: dy, in: workspace) }
        project.backward(pictures.filtered, dy: dy, into: nil, on: tape, in: workspace)

        // The filtered picture's slopes, with padding, since the filter looks around itself on the way back too.
        let slopes = picture(out, in: workspace.tensor(pictureSize(out), 1)), matrix = tape.parameters.matrix(of: project).matrix
        let tile = max(1, productTileRows / out), line = out * channels
        workspace.parallelRows(out, tile: tile, scratch: tile * line) { rows, scratch in
            product(
                m: rows.count * out, n: channels, k: dy.columns, dy.pointer + rows.lowerBound * out * dy.columns, dy.columns,
                matrix.pointer, channels, into: scratch, channels)
            activationBackward(activation, pictures.rawFiltered.pointer + rows.lowerBound * line, dy: scratch, count: rows.count * line)
            for row in rows { slopes.row(row).update(from: scratch + (row - rows.lowerBound) * line, count: line) }
            let done = dy.rows(rows.lowerBound * out..<rows.upperBound * out)
            if skips, let dx {
                let target = dx.rows(rows.lowerBound * out..<rows.upperBound * out).pointer
                add(target, done.pointer, into: target, count: done.count)
            }
            done.fill(0)
        }
        depthwise.accumulate(pictures.active, height: wide, width: wide, dy: slopes, on: tape, in: workspace)

        if case .pointwise(let layer) = source, wide * wide >= Self.fewestFusedTokens, tape.parameters.matrix(of: layer).lowRank == nil {
            return widenBackward(layer, x, raw: pictures.raw, wide: wide, slopes: slopes, into: dx, on: tape, in: workspace)
        }
        let wideSlopes = workspace.tensor(wide * wide, channels)
        workspace.parallelRows(wide, tile: max(1, productTileRows / wide)) { rows, _ in
            unfilter(rows, raw: pictures.raw, wide: wide, slopes: slopes, into: wideSlopes.pointer + rows.lowerBound * wide * channels)
        }
        switch source {
        case .pointwise(let layer): layer.backward(x, dy: wideSlopes, into: dx, on: tape, in: workspace)
        case .convolution(let layer):
            layer.backward(x, height: size, width: size, dy: wideSlopes, into: dx, on: tape, in: workspace)
        }
    }

    /// Above this many tokens the widened picture's gradient is never held as a whole, since it would not stay in the cache.
    private static let fewestFusedTokens = 64 * 64
    /// Floats of it that are made and used up at a time.
    private static let fusedFloats = 1 << 16
    /// Shares in which the gradient of the widening weights is added up: a fixed number, for a fixed order.
    private static let fusedShares = 16

    /// Rows of the widened picture's gradient, through the filter and the activation before it.
    private func unfilter(
        _ rows: Range<Int>, raw: RowRing, wide: Int, slopes: RowRing, into target: UnsafeMutablePointer<Float>
    ) {
        let line = wide * source.channels
        for row in rows {
            let target = target + (row - rows.lowerBound) * line
            depthwise.inputGradient(row: row, width: wide, dy: slopes, outHeight: depthwise.outputSize(wide), into: target)
            activationBackward(activation, raw.row(row), dy: target, count: line)
        }
    }

    /// From the filtered picture's gradient to the widening layer's weights and to x, a few rows at a time.
    private func widenBackward(
        _ layer: Linear, _ x: Tensor, raw: RowRing, wide: Int, slopes: RowRing, into dx: Tensor?, on tape: Tape, in workspace: Workspace
    ) {
        let weights = tape.parameters.matrix(of: layer), inputs = layer.inputs, channels = layer.outputs, count = channels * inputs
        let tile = (wide + Self.fusedShares - 1) / Self.fusedShares, step = min(tile, max(1, Self.fusedFloats / (wide * channels)))
        let weight = weights.weight?.gradient, bias = weights.bias?.gradient
        workspace.scope {
            let tiles = (wide + tile - 1) / tile
            let weightShares = workspace.tensor(tiles, count), biasShares = workspace.tensor(tiles, channels)
            workspace.parallelRows(wide, tile: tile, scratch: step * wide * channels) { rows, scratch in
                let share = rows.lowerBound / tile..<rows.lowerBound / tile + 1, biasShare = biasShares.rows(share)
                biasShare.fill(0)
                for first in stride(from: rows.lowerBound, to: rows.upperBound, by: step) {
                    let part = first..<min(first + step, rows.upperBound), tokens = part.count * wide, start = first * wide * inputs
                    unfilter(part, raw: raw, wide: wide, slopes: slopes, into: scratch)
                    if let dx {
                        product(
                            m: tokens, n: inputs, k: channels, scratch, channels, weights.matrix.pointer, inputs, into: dx.pointer + start,
                            inputs, beta: 1)
                    }
                    if weight != nil {
                        product(
                            m: channels, n: inputs, k: tokens, scratch, channels, transposeA: true, x.pointer + start, inputs,
                            into: weightShares.rows(share).pointer, inputs, beta: first == rows.lowerBound ? 0 : 1)
                    }
                    if bias != nil {
                        for token in 0..<tokens { addScaled(scratch + token * channels, 1, to: biasShare.pointer, count: channels) }
                    }
                }
            }
            if let weight { addColumnSums(weightShares, to: weight) }
            if let bias { addColumnSums(biasShares, to: bias) }
        }
    }

    /// Through the activation of project(filtered) + x.
    private func undoLastActivation(_ x: Tensor, _ filtered: Tensor, dy: Tensor, in workspace: Workspace) {
        workspace.scope {
            let sum = workspace.tensor(dy.rows, dy.columns)
            workspace.parallelRows(dy.rows, tile: productTileRows) { rows, _ in
                let target = sum.rows(rows)
                project(
                    filtered.rows(rows).pointer, rows: rows.count, skip: skips ? UnsafePointer(x.rows(rows).pointer) : nil,
                    into: target.pointer)
                activationBackward(lastActivation, target.pointer, dy: dy.rows(rows).pointer, count: target.count)
            }
        }
    }
}
