import Imaging
import SegmentAnything
import SelfPerception

/// Takes logits from the model's low-resolution grid to the pixels of a region.
///
/// Along each axis a pixel is a weighted sum of up to three neighbouring cells (the formula is at ``MaskAxis``). Only the
/// window that a region needs is computed, so that many regions of one frame cost their own areas and not a frame each.
struct MaskProjector {
    private var columns: [MaskAxis.Tap] = []
    private var rows: [MaskAxis.Tap] = []
    private var line: [Float] = []
    private var window = PixelRect(x: 0, y: 0, width: 0, height: 0)
    private var grid = PixelSize(width: 0, height: 0)

    /// Sets the geometry. `window` and `displayed` are in pixels of the frame; the window lies inside.
    mutating func aim(grid: PixelSize, layout: InputLayout, displayed: PixelRect, window: PixelRect) {
        self.grid = grid
        self.window = window
        let geometry = layout.geometry(of: displayed.size)
        Self.fill(&columns, geometry.columns(grid: grid), from: window.x - displayed.x, count: window.width)
        Self.fill(&rows, geometry.rows(grid: grid), from: window.y - displayed.y, count: window.height)
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
                            let top = Int(row.low) * grid.width, middle = Int(row.middle) * grid.width
                            let bottom = Int(row.high) * grid.width
                            var highest = -Float.infinity
                            for cell in cells {
                                let value = logits[top + cell] * row.lowWeight + logits[middle + cell] * row.middleWeight
                                    + logits[bottom + cell] * row.highWeight
                                line[cell] = value
                                highest = max(highest, value)
                            }
                            // Most rows of most parts hold nothing.
                            if highest <= 0 { continue }
                            let start = index * window.width
                            for span in shape.spans(row: window.y + index) {
                                for x in (Int(span.low) - window.x)..<(Int(span.high) - window.x) {
                                    let tap = columns[x]
                                    let value = line[Int(tap.low)] * tap.lowWeight + line[Int(tap.middle)] * tap.middleWeight
                                        + line[Int(tap.high)] * tap.highWeight
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
        let top = Int(tap.low) * grid.width, middle = Int(tap.middle) * grid.width, bottom = Int(tap.high) * grid.width
        func logit(_ cell: Int32) -> Float {
            let cell = Int(cell)
            return logits[top + cell] * tap.lowWeight + logits[middle + cell] * tap.middleWeight
                + logits[bottom + cell] * tap.highWeight
        }
        return columns.withUnsafeBufferPointer { columns in
            var sum = 0.0
            for x in range {
                let column = columns[x]
                sum += Double(sigmoid(
                    logit(column.low) * column.lowWeight + logit(column.middle) * column.middleWeight
                        + logit(column.high) * column.highWeight))
            }
            return sum
        }
    }

    private static func fill(_ taps: inout [MaskAxis.Tap], _ axis: MaskAxis, from start: Int, count: Int) {
        taps.removeAll(keepingCapacity: true)
        for pixel in start..<(start + count) { taps.append(axis.tap(pixel)) }
    }
}
