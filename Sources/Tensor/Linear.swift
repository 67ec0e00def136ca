import CProcessor

/// y = activation(x · Wᵀ + b) + skip, with the weights kept in the order in which the product reads them.
///
/// `out × in` weights are cut into panels of 16 outputs; a panel holds, input after input, its 16 weights. A tile of 6
/// rows × 16 outputs lives in 12 registers while it runs down a panel. OpenBLAS packs the weights anew at each call and
/// leaves bias and activation to further passes; with weights packed once, a layer of nano's takes 0.5 to 0.96 times as
/// long (`flawd bench products`). Products of two activations stay with OpenBLAS.
public struct Linear: Sendable {
    public let outputs: Int
    public let inputs: Int
    let panels: Tensor
    /// Instead of `panels`, which are empty then.
    private let half: HalfPanels?
    // Padded with zeros to whole panels.
    let bias: Tensor

    /// Lines of y that do not follow one another without a break, such as a picture's rows with padding between them.
    public struct Gaps: Sendable {
        public let line: Int
        public let count: Int

        public init(line: Int, count: Int) {
            self.line = line
            self.count = count
        }
    }

    /// The shortest line that may have a gap after it: as long as the highest register tile.
    public static let shortestLine = narrowRows

    static let panelWidth = 16
    static let tileRows = 6
    static let narrowRows = 12
    /// Sums of more terms than this are made in slices of ``sliceInputs``.
    static let longSum = 384
    static let sliceInputs = 256

    /// - Parameters:
    ///   - weight: `out × in`, as PyTorch stores a linear layer.
    ///   - bias: one value an output, or nil.
    ///   - half: keeps the weights, which this format holds exactly, in half the space. For large layers of many rows; outputs
    ///     are a multiple of 16.
    public init(weight: Tensor, bias: Tensor?, half format: HalfFormat? = nil) {
        precondition(bias == nil || bias?.count == weight.rows)
        outputs = weight.rows
        inputs = weight.columns
        let width = Self.panelWidth, count = (outputs + width - 1) / width
        let panels = Tensor(rows: count, columns: width * inputs)
        panels.fill(0)
        self.bias = Tensor(rows: count, columns: width)
        self.bias.fill(0)
        Self.pack(weight, bias, into: panels, self.bias)
        precondition(format == nil || outputs % width == 0)
        half = format.map { HalfPanels(panels, format: $0) }
        self.panels = half == nil ? panels : Tensor(rows: 0, columns: 0)
    }

    /// The product that `rows` rows take.
    public func size(rows: Int) -> ProductSize { ProductSize(rows: rows, inputs: inputs, outputs: outputs) }

    /// y ← activation(x · Wᵀ + bias) + skip on the calling thread.
    ///
    /// - Parameters:
    ///   - x: `rows` lines of `inputs` values, `stride` apart (packed when nil).
    ///   - y: `rows` lines of `outputs` values, packed; must not overlap `x`.
    ///   - gaps: where y is not packed: after each `line` lines, `count` values are left alone.
    ///   - skip: added to the result when given; of y's shape, and not y itself.
    public func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, stride: Int? = nil, activation: Activation = .none,
        skip: UnsafePointer<Float>? = nil, into y: UnsafeMutablePointer<Float>, gaps: Gaps? = nil
    ) {
        precondition(skip == nil || outputs % 8 == 0 && gaps == nil)
        let stride = stride ?? inputs
        switch (activation, skip) {
        case (.none, nil): run(x, rows, stride, y, gaps, sumAt)
        case (.relu, nil): run(x, rows, stride, y, gaps, reluAt)
        case (.relu6, nil): run(x, rows, stride, y, gaps, relu6At)
        case (.gelu, nil): run(x, rows, stride, y, gaps, geluAt)
        case (.none, let skip?): run(x, rows, stride, y, gaps) { value, at in value + skip.load8(at) }
        default:
            precondition(gaps == nil)
            run(x, rows, stride, y, nil) { value, _ in value }
            finish(y, rows: rows, columns: outputs, stride: outputs, bias: nil, activation: activation)
            if let skip { add(y, skip, into: y, count: rows * outputs) }
        }
    }

    // Closures would be called for each vector; functions become part of the tile.
    @inline(__always)
    private func sumAt(_ value: Float8, _: Int) -> Float8 { value }

    @inline(__always)
    private func reluAt(_ value: Float8, _: Int) -> Float8 { maximum(value, Float8()) }

    @inline(__always)
    private func relu6At(_ value: Float8, _: Int) -> Float8 { minimum(maximum(value, Float8()), Float8(repeating: 6)) }

    @inline(__always)
    private func geluAt(_ value: Float8, _: Int) -> Float8 { gelu(value) }

    /// `finish(sum, index in y)` is what is stored. A sum does not depend on the tile it falls in, so the last tile may
    /// cover rows that were done before.
    @inline(__always)
    func run(
        _ x: UnsafePointer<Float>, _ rows: Int, _ stride: Int, _ y: UnsafeMutablePointer<Float>, _ gaps: Gaps?,
        _ finish: (Float8, Int) -> Float8
    ) {
        // Without gaps one line is as long as all rows.
        let line = gaps?.line ?? max(rows, 1), gap = gaps?.count ?? 0
        precondition(line >= Self.shortestLine || gap == 0, "a tile may cross one gap, not two")
        let width = Self.panelWidth, whole = outputs / width, inputs = self.inputs, outputs = self.outputs
        if let half {
            return withUnsafeTemporaryAllocation(
                of: Float.self, capacity: width * (rows < Self.tileRows ? inputs : min(inputs, Self.sliceInputs))
            ) { memory in
                guard let memory = memory.baseAddress else { return }
                for panel in 0..<whole {
                    let shift = bias.pointer + panel * width, start = panel * width * inputs, column = panel * width
                    if rows < Self.tileRows {
                        half.expand(from: start, count: width * inputs, into: memory)
                        lines(x, rows, stride, y, memory, shift, { $0 * outputs + $0 / line * gap + column }, finish)
                        continue
                    }
                    let place = { Place(first: $0, line: line, gap: gap, outputs: outputs, column: column) }
                    let weights = { (first: Int, count: Int) -> UnsafePointer<Float> in
                        half.expand(from: start + first * width, count: count * width, into: memory)
                        return UnsafePointer(memory)
                    }
                    let next = { (first: Int) in half.address(start + first * width) }
                    let tiled = rows / Self.tileRows * Self.tileRows
                    sliced(x, 0..<tiled, stride, y, shift, weights, next, 2, place, finish)
                    if tiled < rows { sliced(x, rows - Self.tileRows..<rows, stride, y, shift, weights, next, 2, place, finish) }
                }
            }
        }
        for panel in 0..<whole {
            let weights = panels.pointer + panel * width * inputs, shift = bias.pointer + panel * width
            let column = panel * width
            if rows < Self.tileRows {
                lines(x, rows, stride, y, weights, shift, { $0 * outputs + $0 / line * gap + column }, finish)
                continue
            }
            let biases = (shift.load8(0), shift.load8(8))
            var row = 0
            if inputs > Self.longSum {
                row = rows / Self.tileRows * Self.tileRows
                sliced(
                    x, 0..<row, stride, y, shift, { start, _ in UnsafePointer(weights + start * width) },
                    { UnsafeRawPointer(weights + $0 * width) }, 4,
                    { Place(first: $0, line: line, gap: gap, outputs: outputs, column: column) }, finish)
            }
            let ahead = Ahead(UnsafeRawPointer(weights + width * inputs), bytes: 4 * width * inputs, tiles: rows / Self.tileRows)
            while row < rows {
                ahead.fetch(for: row / Self.tileRows)
                let first = min(row, rows - Self.tileRows)
                let place = Place(first: first, line: line, gap: gap, outputs: outputs, column: column)
                Self.tile(
                    x + first * stride, stride, inputs, weights, y, place, begin: { _ in biases }, finish: finish)
                row += Self.tileRows
            }
        }
        let rest = outputs - whole * width
        guard rest > 0 else { return }
        let weights = panels.pointer + whole * width * inputs, shift = bias.pointer + whole * width
        if rest == 8, rows >= Self.narrowRows {
            var row = 0
            while row < rows {
                let first = min(row, rows - Self.narrowRows)
                let place = Place(first: first, line: line, gap: gap, outputs: outputs, column: whole * width)
                Self.narrowTile(x + first * stride, stride, inputs, weights, shift, y, place, finish)
                row += Self.narrowRows
            }
            return
        }
        for row in 0..<rows {
            let (a, b) = Self.line(x + row * stride, inputs, weights, shift)
            let at = row * outputs + row / line * gap + whole * width
            if rest >= 8 { y.store8(finish(a, at), at) }
            // A skip connection is only there when the outputs are a multiple of 8, so this reads none.
            let tail = finish(rest >= 8 ? b : a, at), done = rest & 8
            for lane in done..<rest { y[at + lane] = tail[lane - done] }
        }
    }

    /// One panel for fewer rows than a register tile has; `at` says where a row's sums go.
    @inline(__always)
    private func lines(
        _ x: UnsafePointer<Float>, _ rows: Int, _ stride: Int, _ y: UnsafeMutablePointer<Float>,
        _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ at: (Int) -> Int, _ finish: (Float8, Int) -> Float8
    ) {
        for row in 0..<rows {
            let (a, b) = Self.line(x + row * stride, inputs, weights, bias), at = at(row)
            y.store8(finish(a, at), at)
            y.store8(finish(b, at + 8), at + 8)
        }
    }

    /// The weights that come next, fetched bit by bit while a panel's tiles run: a layer's weights are larger than the
    /// second-level cache, and the first tile of each panel would wait for them.
    private struct Ahead {
        private let next: UnsafeRawPointer
        private let bytesPerTile: Int

        /// - Parameter next: `bytes` bytes; they may lie beyond the last panel, since nothing is read.
        @inline(__always)
        init(_ next: UnsafeRawPointer, bytes: Int, tiles: Int) {
            self.next = next
            bytesPerTile = (bytes / max(1, tiles) + 63) & ~63
        }

        @inline(__always)
        func fetch(for tile: Int) {
            let start = next + tile * bytesPerTile
            for offset in Swift.stride(from: 0, to: bytesPerTile, by: 64) { flawd_prefetch(start + offset) }
        }
    }

    /// One panel for rows in whole register tiles, a slice of the inputs at a time: a slice of a panel stays in the
    /// first-level cache. y holds the sums so far, so their order is that of a tile that runs through.
    ///
    /// - Parameters:
    ///   - weights: the panel's weights for `(first input, count)`.
    ///   - next: where those for an input are kept, `weightBytes` each, to fetch them ahead.
    @inline(__always)
    private func sliced(
        _ x: UnsafePointer<Float>, _ rows: Range<Int>, _ stride: Int, _ y: UnsafeMutablePointer<Float>,
        _ bias: UnsafePointer<Float>, _ weights: (Int, Int) -> UnsafePointer<Float>, _ next: (Int) -> UnsafeRawPointer,
        _ weightBytes: Int, _ place: (Int) -> Place, _ finish: (Float8, Int) -> Float8
    ) {
        let biases = (bias.load8(0), bias.load8(8))
        var start = 0
        while start < inputs {
            let count = min(Self.sliceInputs, inputs - start), isFirst = start == 0, isLast = start + count == inputs
            let slice = weights(start, count)
            let ahead = Ahead(next(start + count), bytes: weightBytes * count * Self.panelWidth, tiles: rows.count / Self.tileRows)
            for (index, row) in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: Self.tileRows).enumerated() {
                ahead.fetch(for: index)
                let tile = x + row * stride + start
                switch (isFirst, isLast) {
                case (true, true): Self.tile(tile, stride, count, slice, y, place(row), begin: { _ in biases }, finish: finish)
                case (true, false): Self.tile(tile, stride, count, slice, y, place(row), begin: { _ in biases }) { value, _ in value }
                case (false, true):
                    Self.tile(tile, stride, count, slice, y, place(row), begin: { (y.load8($0), y.load8($0 + 8)) }, finish: finish)
                case (false, false):
                    Self.tile(tile, stride, count, slice, y, place(row), begin: { (y.load8($0), y.load8($0 + 8)) }) { value, _ in value }
                }
            }
            start += count
        }
    }

    /// All rows of a tensor, on all cores of the workspace.
    public func callAsFunction(_ x: Tensor, activation: Activation = .none, into y: Tensor, in workspace: Workspace) {
        precondition(x.columns == inputs && y.columns == outputs && x.rows == y.rows)
        workspace.parallelRows(x.rows, tile: productTileRows) { rows, _ in
            self(
                x.pointer + rows.lowerBound * inputs, rows: rows.count, activation: activation,
                into: y.pointer + rows.lowerBound * outputs)
        }
    }

    /// A few rows (a decoder's tokens), on the calling thread.
    public func callAsFunction(_ x: Tensor, activation: Activation = .none, into y: Tensor) {
        precondition(x.columns == inputs && y.columns == outputs && x.rows == y.rows)
        self(x.pointer, rows: x.rows, activation: activation, into: y.pointer)
    }
}
