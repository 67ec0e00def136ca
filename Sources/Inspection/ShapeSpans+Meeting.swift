import Imaging

extension ShapeSpans {
    /// Whether any pixel of the shape lies in a rectangle.
    func meets(_ rect: PixelRect) -> Bool {
        guard let common = rect.intersection(bounds) else { return false }
        return (common.y..<common.maxY).contains { y in
            spans(row: y).contains { $0.low < Int32(common.maxX) && $0.high > Int32(common.x) }
        }
    }
}
