/// One axis of the way between a mask's low-resolution cells and the pixels of the displayed picture.
///
/// A stretched picture's mask is resized bilinearly in one step, from G cells to N pixels. Otherwise in two, as
/// segment-anything's `postprocess_masks` does: from G cells to the S pixels of the input, of which the first C are the
/// picture's, and from those C to N. A step is PyTorch's `interpolate(mode="bilinear", align_corners=False)`: output i lies
/// at p = max(0, (i + ½)·in/out − ½) and is v[⌊p⌋]·(1 − t) + v[⌊p⌋ + 1]·t with t = p − ⌊p⌋, the last value repeated. Both steps
/// are linear, and an input pixel is no larger than a cell, so that in the end a pixel is a sum of three cells at most.
public struct MaskAxis: Hashable, Sendable {
    /// G
    public let cells: Int
    /// N
    public let length: Int
    /// S
    private let side: Int
    /// C
    private let content: Int
    private let isDirect: Bool

    init(cells: Int, layout: InputLayout, content: Int, length: Int) {
        precondition(cells > 0 && length > 0)
        self.cells = cells
        self.length = length
        self.content = content
        side = layout.side
        isDirect = layout.resize == .stretch
        precondition(isDirect || cells <= side, "a cell is at least a pixel of the input")
    }

    /// The weighted cells that make one pixel. Unused cells weigh 0.
    public struct Tap: Sendable {
        public var low: Int32
        public var middle: Int32
        public var high: Int32
        public var lowWeight: Float
        public var middleWeight: Float
        public var highWeight: Float
    }

    public func tap(_ pixel: Int) -> Tap {
        let (near, far, t) = Self.step(pixel, source: isDirect ? cells : content, target: length)
        if isDirect {
            return Tap(
                low: Int32(near), middle: Int32(far), high: Int32(far), lowWeight: 1 - t, middleWeight: t, highWeight: 0)
        }
        let (low, next, s) = Self.step(near, source: cells, target: side)
        let (other, last, u) = Self.step(far, source: cells, target: side)
        var tap = Tap(
            low: Int32(low), middle: Int32(next), high: Int32(last), lowWeight: (1 - t) * (1 - s),
            middleWeight: (1 - t) * s, highWeight: t * u)
        if other == low { tap.lowWeight += t * (1 - u) } else { tap.middleWeight += t * (1 - u) }
        return tap
    }

    private static func step(_ index: Int, source: Int, target: Int) -> (low: Int, high: Int, weight: Float) {
        let position = max(0, (Float(index) + 0.5) * (Float(source) / Float(target)) - 0.5)
        let low = min(Int(position), source - 1)
        return (low, min(low + 1, source - 1), position - Float(low))
    }

    /// The pixel under a cell's centre; nil where the cell's centre lies in the padding.
    public func pixel(underCell cell: Int) -> Int? {
        let pixel = (2 * cell + 1) * side * length / (2 * cells * content)
        return pixel < length ? pixel : nil
    }

    /// The cell that covers a pixel's left or top edge.
    public func cell(over pixel: Int) -> Int { pixel * content * cells / (length * side) }

    /// The cells whose centres the picture covers: the first so many.
    public var coveredCells: Int {
        // (2 · cell + 1) · S < 2 · G · C
        isDirect ? cells : min(cells, max(1, ((2 * cells * content - 1) / side + 1) / 2))
    }
}
