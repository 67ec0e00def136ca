/// The way back through y[o] = Σ over taps of x[o·s + tap − p] · w[tap] + b, channel by channel. Pictures are whole ones in rings:
/// every row is there, with zeros left and right.
extension DepthwiseConvolution {
    /// Tiles of rows that gradients are added up in; a fixed number, so that the order of the sums is fixed.
    private static let gradientTiles = 16

    public func isTrained(by parameters: ParameterSet) -> Bool { parameters.matrix(of: weight).isTrained }

    /// One row of x's gradient: ∂x[i] = Σ over the taps with i + p − tap = s·o of ∂y[o] · w[tap].
    ///
    /// - Parameters:
    ///   - y: the row. `width`: x's tokens in a row.
    ///   - dy: `outHeight` rows with ``padding`` zero tokens left and right.
    ///   - line: `width × channels`, written.
    public func inputGradient(row y: Int, width: Int, dy: RowRing, outHeight: Int, into line: UnsafeMutablePointer<Float>) {
        withUnsafeTemporaryAllocation(of: GradientTaps.self, capacity: RowRing.largestKernel) { memory in
            var count = 0
            for ky in 0..<kernel where (y + padding - ky) % stride == 0 {
                let out = (y + padding - ky) / stride
                guard out >= 0, out < outHeight else { continue }
                memory.initializeElement(
                    at: count, to: GradientTaps(line: dy.row(out), weights: weight.pointer + ky * kernel * channels))
                count += 1
            }
            let rows = UnsafeBufferPointer(rebasing: memory[0..<count]), whole = channels & ~7
            for phase in 0..<min(stride, width) {
                vectors(rows, phase: phase, count: (width - phase + stride - 1) / stride, into: line)
                guard whole < channels else { continue }
                for x in Swift.stride(from: phase, to: width, by: stride) {
                    for c in whole..<channels {
                        var sum: Float = 0
                        for row in rows {
                            for kx in Swift.stride(from: (phase + padding) % stride, to: kernel, by: stride) {
                                sum += row.line[(x + padding - kx) / stride * channels + c] * row.weights[kx * channels + c]
                            }
                        }
                        line[x * channels + c] = sum
                    }
                }
            }
        }
    }

    /// The row of ∂y under one row of the filter.
    private struct GradientTaps {
        /// Its first real token.
        let line: UnsafePointer<Float>
        let weights: UnsafePointer<Float>
    }

    /// Every `stride`-th token from `phase` on, four at a time, channels in eights.
    private func vectors(
        _ rows: UnsafeBufferPointer<GradientTaps>, phase: Int, count: Int, into line: UnsafeMutablePointer<Float>
    ) {
        let channels = self.channels, kernel = self.kernel, stride = self.stride, step = stride * channels
        let first = (phase + padding) % stride, start = (phase + padding - first) / stride * channels
        var index = 0
        while index < count {
            // The last four may cover tokens that were done before.
            let isFour = count >= 4, at = isFour ? min(index, count - 4) : index
            let target = line + phase * channels + at * step
            for c in Swift.stride(from: 0, to: channels & ~7, by: 8) {
                var s0 = Float8(), s1 = s0, s2 = s0, s3 = s0
                for row in rows {
                    var source = row.line + start + at * channels + c, taps = row.weights + first * channels + c, kx = first
                    while kx < kernel {
                        let w = taps.load8(0)
                        s0.addProduct(source.load8(0), w)
                        if isFour {
                            s1.addProduct(source.load8(channels), w)
                            s2.addProduct(source.load8(2 * channels), w)
                            s3.addProduct(source.load8(3 * channels), w)
                        }
                        source -= channels
                        taps += step
                        kx += stride
                    }
                }
                target.store8(s0, c)
                guard isFour else { continue }
                (target + step).store8(s1, c)
                (target + 2 * step).store8(s2, c)
                (target + 3 * step).store8(s3, c)
            }
            index += isFour ? 4 : 1
        }
    }

    /// Adds to the gradients of weights and bias, as far as they are trained.
    ///
    /// - Parameters:
    ///   - x: `height` rows with ``padding`` zero tokens left and right. `dy`: `outputSize(height)` rows of `outputSize(width)`.
    public func accumulate(_ x: RowRing, height: Int, width: Int, dy: RowRing, on tape: Tape, in workspace: Workspace) {
        let matrix = tape.parameters.matrix(of: weight), area = kernel * kernel, channels = self.channels
        guard matrix.isTrained else { return }
        let outHeight = outputSize(height), outWidth = outputSize(width)
        let tileRows = (outHeight + Self.gradientTiles - 1) / Self.gradientTiles, tiles = (outHeight + tileRows - 1) / tileRows
        workspace.scope {
            let shares = workspace.tensor(tiles, (area + 1) * channels)
            workspace.parallelRows(outHeight, tile: tileRows) { rows, _ in
                let share = shares.pointer + rows.lowerBound / tileRows * shares.columns
                share.update(repeating: 0, count: shares.columns)
                for out in rows {
                    let slope = UnsafePointer(dy.row(out))
                    for ky in 0..<kernel {
                        let y = out * stride + ky - padding
                        guard y >= 0, y < height else { continue }
                        addTaps(x.row(y) - padding * channels, slope, count: outWidth, to: share + ky * kernel * channels)
                    }
                    let bias = share + area * channels
                    for token in 0..<outWidth { add(bias, slope + token * channels, into: bias, count: channels) }
                }
            }
            for tile in 1..<max(1, tiles) { add(shares.pointer, shares.pointer + tile * shares.columns, into: shares.pointer, count: shares.columns) }
            if let gradient = matrix.weight?.gradient {
                for channel in 0..<channels {
                    for tap in 0..<area { gradient.pointer[channel * area + tap] += shares.pointer[tap * channels + channel] }
                }
            }
            if let gradient = matrix.bias?.gradient {
                add(gradient.pointer, shares.pointer + area * channels, into: gradient.pointer, count: channels)
            }
        }
    }

    /// sums[kx] += Σ over tokens of x[token · s + kx] · ∂y[token] for one row of the filter; x begins with its padding.
    private func addTaps(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, count: Int, to sums: UnsafeMutablePointer<Float>
    ) {
        let channels = self.channels, step = stride * channels, whole = channels & ~7
        for c in Swift.stride(from: 0, to: whole, by: 8) {
            switch kernel {
            case 3: Self.three(x + c, dy + c, count: count, channels, step, sums + c)
            case 5: Self.five(x + c, dy + c, count: count, channels, step, sums + c)
            default:
                for kx in 0..<kernel {
                    var sum = sums.load8(kx * channels + c)
                    for token in 0..<count { sum.addProduct(dy.load8(token * channels + c), x.load8(token * step + kx * channels + c)) }
                    sums.store8(sum, kx * channels + c)
                }
            }
        }
        for c in whole..<channels {
            for kx in 0..<kernel {
                for token in 0..<count { sums[kx * channels + c] += dy[token * channels + c] * x[token * step + kx * channels + c] }
            }
        }
    }

    // Taps side by side keep each other's multiply-adds from waiting; of three, two tokens at a time.
    @inline(__always)
    private static func three(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, count: Int, _ channels: Int, _ step: Int,
        _ sums: UnsafeMutablePointer<Float>
    ) {
        var a0 = sums.load8(0), a1 = sums.load8(channels), a2 = sums.load8(2 * channels)
        var b0 = Float8(), b1 = b0, b2 = b0
        var x = x, dy = dy, token = 0
        while token + 2 <= count {
            let first = dy.load8(0), second = dy.load8(channels), next = x + step
            a0.addProduct(x.load8(0), first)
            a1.addProduct(x.load8(channels), first)
            a2.addProduct(x.load8(2 * channels), first)
            b0.addProduct(next.load8(0), second)
            b1.addProduct(next.load8(channels), second)
            b2.addProduct(next.load8(2 * channels), second)
            x += 2 * step
            dy += 2 * channels
            token += 2
        }
        if token < count {
            let first = dy.load8(0)
            a0.addProduct(x.load8(0), first)
            a1.addProduct(x.load8(channels), first)
            a2.addProduct(x.load8(2 * channels), first)
        }
        sums.store8(a0 + b0, 0)
        sums.store8(a1 + b1, channels)
        sums.store8(a2 + b2, 2 * channels)
    }

    @inline(__always)
    private static func five(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, count: Int, _ channels: Int, _ step: Int,
        _ sums: UnsafeMutablePointer<Float>
    ) {
        var a0 = sums.load8(0), a1 = sums.load8(channels), a2 = sums.load8(2 * channels)
        var a3 = sums.load8(3 * channels), a4 = sums.load8(4 * channels)
        var x = x, dy = dy
        for _ in 0..<count {
            let slope = dy.load8(0)
            a0.addProduct(x.load8(0), slope)
            a1.addProduct(x.load8(channels), slope)
            a2.addProduct(x.load8(2 * channels), slope)
            a3.addProduct(x.load8(3 * channels), slope)
            a4.addProduct(x.load8(4 * channels), slope)
            x += step
            dy += channels
        }
        sums.store8(a0, 0)
        sums.store8(a1, channels)
        sums.store8(a2, 2 * channels)
        sums.store8(a3, 3 * channels)
        sums.store8(a4, 4 * channels)
    }
}
