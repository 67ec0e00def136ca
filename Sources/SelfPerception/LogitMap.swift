import Imaging
import Tensor

/// Mask logits on the decoder's low-resolution grid, which covers the displayed picture from edge to edge.
public struct LogitMap: Equatable, Sendable {
    public private(set) var size: PixelSize
    /// Row-major: `size.height * size.width` logits.
    public private(set) var values: [Float]

    public init(size: PixelSize, values: [Float]) {
        precondition(values.count == size.area)
        self.size = size
        self.values = values
    }

    mutating func replace(with logits: Tensor) {
        precondition(logits.count == values.count)
        values.withUnsafeMutableBufferPointer { $0.baseAddress?.update(from: logits.pointer, count: logits.count) }
    }

    /// Calls `body` with each row of the logits resized bilinearly (align_corners false) to `target`.
    public func forEachRow(at target: PixelSize, _ body: (_ y: Int, _ row: UnsafeBufferPointer<Float>) -> Void) {
        guard target.area > 0, size.area > 0 else { return }
        let horizontal = ResizeTaps(source: size.width, target: target.width)
        let vertical = ResizeTaps(source: size.height, target: target.height)
        let scratch = RowResizer.scratch(width: target.width, channels: 1), width = size.width
        values.withUnsafeBufferPointer { logits in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: scratch + target.width) { memory in
                guard let source = logits.baseAddress, let area = memory.baseAddress else { return }
                let line = area + scratch
                var resizer = RowResizer(horizontal: horizontal, vertical: vertical, channels: 1, scratch: area)
                for y in 0..<target.height {
                    resizer.row(y, into: line) { row, sample in source[row * width + sample] }
                    body(y, UnsafeBufferPointer(start: line, count: target.width))
                }
            }
        }
    }

    /// Resizes the logits bilinearly (align_corners false) to `target` and keeps what is above zero.
    public func mask(at target: PixelSize, into mask: inout BinaryMask) {
        mask.reset(width: target.width, height: target.height)
        mask.pixels.withUnsafeMutableBufferPointer { pixels in
            forEachRow(at: target) { y, row in
                for x in 0..<row.count { pixels[y * row.count + x] = row[x] > 0 ? 1 : 0 }
            }
        }
    }
}
