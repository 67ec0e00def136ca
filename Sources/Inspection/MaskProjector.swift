import Imaging

/// Takes logits from the model's low-resolution grid to the pixels of a region.
///
/// The grid covers the displayed rectangle from edge to edge and is resized bilinearly, with half-pixel centres and the
/// edges repeated (PyTorch's align_corners false): pixel x of W lies at x' = max(0, (x + ½)·G/W − ½) of G cells,
/// v = v[⌊x'⌋]·(1 − t) + v[⌊x'⌋ + 1]·t with t = x' − ⌊x'⌋, and so along y. Only the window that a region needs is
/// computed, so that many regions of one frame cost their own areas and not a frame each.
struct MaskProjector {
    private struct Tap {
        var low: Int32 = 0
        var high: Int32 = 0
        var weight: Float = 0
    }

    private var columns: [Tap] = []
    private var rows: [Tap] = []
    private var line: [Float] = []
    private var window = PixelRect(x: 0, y: 0, width: 0, height: 0)
    private var grid = PixelSize(width: 0, height: 0)

    /// Sets the geometry. `window` and `displayed` are in pixels of the frame; the window lies inside.
    mutating func aim(grid: PixelSize, displayed: PixelRect, window: PixelRect) {
        self.grid = grid
        self.window = window
        Self.fill(&columns, window.x - displayed.x, window.width, of: displayed.width, cells: grid.width)
        Self.fill(&rows, window.y - displayed.y, window.height, of: displayed.height, cells: grid.height)
    }

    /// Writes the mask `logit > 0`, within a shape whose bounds are the window, into a mask of the window's size.
    mutating func project(_ logits: [Float], within shape: ShapeSpans, into mask: inout BinaryMask) {
        precondition(shape.bounds == window && logits.count == grid.area)
        mask.reset(width: window.width, height: window.height)
        line.removeAll(keepingCapacity: true)
        line.append(contentsOf: repeatElement(0, count: grid.width))
        guard let firstTap = columns.first, let lastTap = columns.last else { return }
        let cells = Int(firstTap.low)...Int(lastTap.high)
        logits.withUnsafeBufferPointer { logits in
            line.withUnsafeMutableBufferPointer { line in
                columns.withUnsafeBufferPointer { columns in
                    mask.pixels.withUnsafeMutableBufferPointer { pixels in
                        for (index, row) in rows.enumerated() {
                            let top = Int(row.low) * grid.width, bottom = Int(row.high) * grid.width
                            var highest = -Float.infinity
                            for cell in cells {
                                let value = logits[top + cell] * (1 - row.weight) + logits[bottom + cell] * row.weight
                                line[cell] = value
                                highest = max(highest, value)
                            }
                            // Most rows of most parts hold nothing.
                            if highest <= 0 { continue }
                            let start = index * window.width
                            for span in shape.spans(row: window.y + index) {
                                for x in (Int(span.low) - window.x)..<(Int(span.high) - window.x) {
                                    let tap = columns[x]
                                    let value = line[Int(tap.low)] * (1 - tap.weight) + line[Int(tap.high)] * tap.weight
                                    pixels[start + x] = value > 0 ? 1 : 0
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The sum of the probabilities of pixels side by side; columns and row count from the window's corner.
    func probability(of logits: UnsafeBufferPointer<Float>, columns range: Range<Int>, row: Int) -> Double {
        let tap = rows[row]
        let top = Int(tap.low) * grid.width, bottom = Int(tap.high) * grid.width
        return columns.withUnsafeBufferPointer { columns in
            var sum = 0.0
            for x in range {
                let column = columns[x], low = Int(column.low), high = Int(column.high)
                let left = logits[top + low] * (1 - tap.weight) + logits[bottom + low] * tap.weight
                let right = logits[top + high] * (1 - tap.weight) + logits[bottom + high] * tap.weight
                sum += Double(sigmoid(left * (1 - column.weight) + right * column.weight))
            }
            return sum
        }
    }

    private static func fill(_ taps: inout [Tap], _ start: Int, _ count: Int, of length: Int, cells: Int) {
        taps.removeAll(keepingCapacity: true)
        let scale = Float(cells) / Float(length)
        for index in start..<(start + count) {
            let source = max(0, (Float(index) + 0.5) * scale - 0.5)
            let low = min(Int(source), cells - 1)
            taps.append(Tap(low: Int32(low), high: Int32(min(low + 1, cells - 1)), weight: source - Float(low)))
        }
    }
}
