/// Keeps drawing inside a picture for any coordinates at all.
enum Clipping {
    /// No picture reaches this far, and sums of a few such numbers do not overflow.
    private static let far = 1 << 40

    static func tame(_ value: Int) -> Int { min(max(value, -far), far) }

    /// The part of a line that may touch a picture of `size`, widened by `margin` on all sides; nil where none does.
    /// Liang and Barsky's parametric clipping (1984). A line wholly inside is returned as it is.
    static func segment(
        _ from: PixelPoint, _ to: PixelPoint, size: PixelSize, margin: Int
    ) -> (PixelPoint, PixelPoint)? {
        guard size.width > 0, size.height > 0 else { return nil }
        let (left, top) = (Double(-margin), Double(-margin))
        let (right, bottom) = (Double(size.width - 1 + margin), Double(size.height - 1 + margin))
        let (x, y) = (Double(tame(from.x)), Double(tame(from.y)))
        let (dx, dy) = (Double(tame(to.x)) - x, Double(tame(to.y)) - y)
        var (enter, leave) = (0.0, 1.0)
        for (p, q) in [(-dx, x - left), (dx, right - x), (-dy, y - top), (dy, bottom - y)] {
            if p == 0 {
                if q < 0 { return nil }
            } else if p < 0 {
                enter = max(enter, q / p)
            } else {
                leave = min(leave, q / p)
            }
        }
        guard enter <= leave else { return nil }
        func point(_ t: Double) -> PixelPoint {
            PixelPoint(x: Int((x + t * dx).rounded()), y: Int((y + t * dy).rounded()))
        }
        return (enter == 0 ? from : point(enter), leave == 1 ? to : point(leave))
    }
}

extension PixelRect {
    /// The same rectangle with numbers that can be added up.
    var tamed: PixelRect {
        let (x, y) = (Clipping.tame(self.x), Clipping.tame(self.y))
        return PixelRect(x: x, y: y, width: max(0, Clipping.tame(width)), height: max(0, Clipping.tame(height)))
    }

    func clipped(to size: PixelSize) -> PixelRect? { tamed.intersection(PixelRect(size)) }
}
