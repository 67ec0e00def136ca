import Tensor

/// MobileNet's inverted residual: widen (1×1, activation), filter each channel (k×k, activation), narrow (1×1), add the
/// input. nano's activation is ReLU6; TinyViT's is GELU, which some of its blocks apply once more to the sum.
///
/// The widened picture is the largest thing in the encoder. On large pictures it never exists as a whole: a ring of
/// rows, small enough for the cache, runs ahead of the depthwise filter. On small ones it is computed once, because the
/// rows that neighbouring tiles share would be computed twice.
struct InvertedResidual: Sendable {
    /// What makes the widened rows.
    enum Source: Sendable {
        case pointwise(Linear)
        /// The stem, whose output the first block filters without widening it.
        case convolution(Convolution)

        var channels: Int {
            switch self {
            case .pointwise(let layer): layer.outputs
            case .convolution(let layer): layer.outputs
            }
        }
    }

    let source: Source
    let depthwise: DepthwiseConvolution
    let project: Linear
    let skips: Bool
    /// After widening and after filtering.
    var activation = Activation.relu6
    /// After the input was added.
    var lastActivation = Activation.none

    /// Above this many tokens the widened picture is streamed.
    private static let largestWhole = 64 * 64

    /// Side of the widened picture for an input of side `size`.
    func wideSize(_ size: Int) -> Int {
        if case .convolution(let stem) = source { stem.outputSize(size) } else { size }
    }

    func outputSize(_ size: Int) -> Int { depthwise.outputSize(wideSize(size)) }

    /// - Parameters:
    ///   - x: `size² × channels in`.
    ///   - y: `outputSize(size)² × channels out`, written.
    func callAsFunction(_ x: Tensor, size: Int, into y: Tensor, in workspace: Workspace) {
        let wide = wideSize(size)
        if let tape = workspace.tape, tape.hasSteps || isTrained(by: tape.parameters) {
            recorded(x, size: size, wide: wide, into: y, on: tape, in: workspace)
        } else if wide * wide > Self.largestWhole {
            streamed(x, size: size, wide: wide, into: y, in: workspace)
        } else {
            whole(x, size: size, wide: wide, into: y, in: workspace)
        }
    }

    func streamed(_ x: Tensor, size: Int, wide: Int, into y: Tensor, in workspace: Workspace) {
        let out = depthwise.outputSize(wide), stride = depthwise.stride, kernel = depthwise.kernel
        // Rows made at a time: some 256 tokens, so that the products are worth calling.
        let step = max(1, 256 / (stride * wide)), slots = kernel + stride * (step - 1)
        let ringSize = RowRing.size(slots: slots, width: wide, channels: source.channels, padding: depthwise.padding)
        let filteredSize = step * out * source.channels
        let scratch = ringSize + filteredSize + produceScratch(wide: wide)
        workspace.parallelRows(out, tile: 32, scratch: scratch) { rows, memory in
            let ring = RowRing(memory, slots: slots, width: wide, channels: source.channels, padding: depthwise.padding)
            let filtered = memory + ringSize, spare = filtered + filteredSize
            var made = max(0, rows.lowerBound * stride - depthwise.padding)
            var row = rows.lowerBound
            while row < rows.upperBound {
                let next = min(row + step, rows.upperBound)
                let needed = min(wide, (next - 1) * stride - depthwise.padding + kernel)
                produce(made..<needed, of: x, size: size, wide: wide, activation: activation, into: ring, scratch: spare)
                made = needed
                narrow(row..<next, of: ring, wide: wide, out: out, skip: x, filtered: filtered, into: y)
                row = next
            }
        }
    }

    /// - Parameters:
    ///   - memory: where the widened picture goes, ``pictureSize(_:)`` floats; nil: where it is forgotten.
    ///   - filtered: the same of the filtered one, `outputSize(size)² × channels`.
    func whole(
        _ x: Tensor, size: Int, wide: Int, into y: Tensor, memory: Tensor? = nil, filtered: Tensor? = nil, in workspace: Workspace
    ) {
        let out = depthwise.outputSize(wide), line = out * source.channels
        workspace.scope {
            let ring = picture(wide, in: memory ?? workspace.tensor(pictureSize(wide), 1))
            widen(x, size: size, wide: wide, activation: activation, into: ring, in: workspace)
            // Some 64 tokens: what is filtered stays in the second-level cache while all outputs are made from it.
            let tile = max(1, 64 / out)
            workspace.parallelRows(out, tile: tile, scratch: filtered == nil ? tile * line : 0) { rows, scratch in
                narrow(
                    rows, of: ring, wide: wide, out: out, skip: x,
                    filtered: filtered.map { $0.pointer + rows.lowerBound * line } ?? scratch, into: y)
            }
        }
    }

    /// Floats of a picture of `side²` widened tokens with the filter's padding.
    func pictureSize(_ side: Int) -> Int {
        RowRing.size(slots: side, width: side, channels: source.channels, padding: depthwise.padding)
    }

    func picture(_ side: Int, in memory: Tensor) -> RowRing {
        RowRing(memory.pointer, slots: side, width: side, channels: source.channels, padding: depthwise.padding)
    }

    func widen(_ x: Tensor, size: Int, wide: Int, activation: Activation, into ring: RowRing, in workspace: Workspace) {
        let made = max(1, min(256 / wide, wide / 2))
        workspace.parallelRows(wide, tile: made, scratch: produceScratch(wide: wide)) { rows, scratch in
            produce(rows, of: x, size: size, wide: wide, activation: activation, into: ring, scratch: scratch)
        }
    }

    private func produceScratch(wide: Int) -> Int {
        if case .convolution(let stem) = source { wide * stem.linear.inputs } else { 0 }
    }

    /// Widens rows of the picture into the ring, with bias and activation.
    private func produce(
        _ rows: Range<Int>, of x: Tensor, size: Int, wide: Int, activation: Activation, into ring: RowRing,
        scratch: UnsafeMutablePointer<Float>
    ) {
        switch source {
        case .pointwise(let layer):
            // Rows of the ring that follow one another lie apart by their padding; the ring may begin anew among them.
            var first = rows.lowerBound
            while first < rows.upperBound {
                // A register tile may cross the padding once, so very narrow pictures are done row by row.
                let most = wide >= Linear.shortestLine ? ring.contiguousRows(from: first) : 1
                let count = min(rows.upperBound - first, most)
                layer(
                    x.pointer + first * wide * x.columns, rows: count * wide, activation: activation, into: ring.row(first),
                    gaps: count > 1 ? .init(line: wide, count: ring.gap) : nil)
                first += count
            }
        case .convolution(let stem):
            for row in rows {
                stem.gather(
                    x.pointer, height: size, width: size, outWidth: wide, rows: row * wide..<(row + 1) * wide,
                    into: scratch)
                stem.linear(scratch, rows: wide, activation: activation, into: ring.row(row))
            }
        }
    }

    /// Filters and narrows output rows; adds the block's input where it skips.
    private func narrow(
        _ rows: Range<Int>, of ring: RowRing, wide: Int, out: Int, skip x: Tensor,
        filtered: UnsafeMutablePointer<Float>, into y: Tensor
    ) {
        let lineCount = out * source.channels
        for row in rows {
            ring.withWindow(top: row * depthwise.stride - depthwise.padding, kernel: depthwise.kernel, height: wide) { window in
                depthwise.row(window, width: out, activation: activation, into: filtered + (row - rows.lowerBound) * lineCount)
            }
        }
        let start = rows.lowerBound * out * y.columns, tokens = rows.count * out
        project(filtered, rows: tokens, skip: skips ? UnsafePointer(x.pointer + start) : nil, into: y.pointer + start)
        finish(y.pointer + start, rows: tokens, columns: y.columns, stride: y.columns, bias: nil, activation: lastActivation)
    }
}
