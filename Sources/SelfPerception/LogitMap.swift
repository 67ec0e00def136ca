import Imaging
import SegmentAnything
import Tensor

/// Mask logits on the decoder's low-resolution grid, which covers the model's input from edge to edge.
public struct LogitMap: Equatable, Sendable {
    public private(set) var size: PixelSize
    /// Row-major: `size.height * size.width` logits.
    public private(set) var values: [Float]
    /// How the picture that the mask is of lies on that input.
    public let layout: InputLayout

    /// - Parameter layout: nil for a grid that covers the picture itself from edge to edge.
    public init(size: PixelSize, values: [Float], layout: InputLayout? = nil) {
        precondition(values.count == size.area)
        self.size = size
        self.values = values
        self.layout = layout ?? InputLayout(side: max(1, size.width, size.height), resize: .stretch)
    }

    /// Memory for a model's masks.
    init(emptyFor configuration: ModelConfiguration) {
        let size = PixelSize(width: configuration.maskSize, height: configuration.maskSize)
        self.init(size: size, values: [Float](repeating: 0, count: size.area), layout: configuration.layout)
    }

    mutating func replace(with logits: Tensor) {
        precondition(logits.count == values.count)
        values.withUnsafeMutableBufferPointer { $0.baseAddress?.update(from: logits.pointer, count: logits.count) }
    }

    /// Calls `body` with each row of the logits at the pixels of a picture of `target`'s size, resized bilinearly
    /// (align_corners false); out of the padded input where the layout has one.
    public func forEachRow(at target: PixelSize, _ body: (_ y: Int, _ row: UnsafeBufferPointer<Float>) -> Void) {
        guard target.area > 0, size.area > 0 else { return }
        if layout.resize == .longestSide { return forEachRow(in: layout.geometry(of: target), body) }
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

    public var isFinite: Bool { values.allSatisfy(\.isFinite) }

    /// The logits of the cells whose centres lie on a picture of this size, not in the padding; row by row.
    public func valuesOverPicture(of picture: PixelSize) -> [Float] {
        guard layout.resize == .longestSide, picture.area > 0 else { return values }
        let geometry = layout.geometry(of: picture), width = geometry.columns(grid: size).coveredCells
        return (0..<geometry.rows(grid: size).coveredCells).flatMap { values[$0 * size.width..<$0 * size.width + width] }
    }

    private func forEachRow(
        in geometry: DisplayGeometry, _ body: (_ y: Int, _ row: UnsafeBufferPointer<Float>) -> Void
    ) {
        let columns = geometry.columns(grid: size), rows = geometry.rows(grid: size), width = size.width
        let taps = (0..<columns.length).map(columns.tap)
        values.withUnsafeBufferPointer { logits in
            taps.withUnsafeBufferPointer { taps in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: width + taps.count) { memory in
                    guard let line = memory.baseAddress, let logits = logits.baseAddress else { return }
                    let row = line + width
                    for y in 0..<rows.length {
                        let tap = rows.tap(y)
                        let low = logits + Int(tap.low) * width, middle = logits + Int(tap.middle) * width
                        let high = logits + Int(tap.high) * width
                        for x in 0..<width {
                            line[x] = low[x] * tap.lowWeight + middle[x] * tap.middleWeight + high[x] * tap.highWeight
                        }
                        for x in 0..<taps.count {
                            let tap = taps[x]
                            row[x] = line[Int(tap.low)] * tap.lowWeight + line[Int(tap.middle)] * tap.middleWeight
                                + line[Int(tap.high)] * tap.highWeight
                        }
                        body(y, UnsafeBufferPointer(start: row, count: taps.count))
                    }
                }
            }
        }
    }

    /// Resizes the logits to a picture of `target`'s size, as `forEachRow` does, and keeps what is above zero.
    public func mask(at target: PixelSize, into mask: inout BinaryMask) {
        mask.reset(width: target.width, height: target.height)
        mask.pixels.withUnsafeMutableBufferPointer { pixels in
            forEachRow(at: target) { y, row in
                for x in 0..<row.count { pixels[y * row.count + x] = row[x] > 0 ? 1 : 0 }
            }
        }
    }
}
