/// Draws on a picture, in place.
///
/// Everything is cut off at the picture's borders, whatever the coordinates. Rectangles, contours and masks are placed
/// by pixel corners, lines by the pixels they begin and end in.
public struct Canvas {
    public let image: RGBImage

    public init(_ image: RGBImage) { self.image = image }

    /// The whole picture.
    public var bounds: PixelRect { PixelRect(image.size) }

    public func set(x: Int, y: Int, _ color: RGBColor) {
        guard x >= 0, y >= 0, x < image.width, y < image.height else { return }
        image.bytes.put(color, at: (y * image.width + x) * 3)
    }

    /// Fills a rectangle; `opacity` 0 … 1 mixes the colour with what is there.
    public func fill(_ rect: PixelRect, _ color: RGBColor, opacity: Double = 1) {
        guard let rect = rect.clipped(to: image.size) else { return }
        let (bytes, weight) = (image.bytes, Self.weight(opacity))
        for y in rect.y..<rect.maxY {
            for x in rect.x..<rect.maxX { bytes.mix(color, weight, at: (y * image.width + x) * 3) }
        }
    }

    /// Draws a rectangle's frame, `thickness` pixels wide and inside the rectangle.
    public func outline(_ rect: PixelRect, _ color: RGBColor, thickness: Int = 1) {
        let rect = rect.tamed
        let thickness = min(max(1, thickness), max(1, (min(rect.width, rect.height) + 1) / 2))
        guard rect.width > 0, rect.height > 0 else { return }
        fill(PixelRect(x: rect.x, y: rect.y, width: rect.width, height: thickness), color)
        fill(PixelRect(x: rect.x, y: rect.maxY - thickness, width: rect.width, height: thickness), color)
        fill(PixelRect(x: rect.x, y: rect.y, width: thickness, height: rect.height), color)
        fill(PixelRect(x: rect.maxX - thickness, y: rect.y, width: thickness, height: rect.height), color)
    }

    /// Draws a straight line from pixel to pixel, both included (Bresenham's algorithm).
    public func line(from: PixelPoint, to: PixelPoint, _ color: RGBColor, thickness: Int = 1) {
        let thickness = max(1, min(thickness, 64))
        guard let (start, end) = Clipping.segment(from, to, size: image.size, margin: thickness) else { return }
        let (dx, dy) = (abs(end.x - start.x), -abs(end.y - start.y))
        let (stepX, stepY) = (start.x < end.x ? 1 : -1, start.y < end.y ? 1 : -1)
        var (x, y, error) = (start.x, start.y, dx + dy)
        while true {
            if thickness == 1 {
                set(x: x, y: y, color)
            } else {
                fill(PixelRect(
                    x: x - (thickness - 1) / 2, y: y - (thickness - 1) / 2, width: thickness, height: thickness), color)
            }
            if x == end.x && y == end.y { return }
            let twice = 2 * error
            if twice >= dy { (error, x) = (error + dy, x + stepX) }
            if twice <= dx { (error, y) = (error + dx, y + stepY) }
        }
    }

    /// Draws the outline of a polygon, its last point joined to the first.
    public func polygon(_ points: [PixelPoint], _ color: RGBColor, thickness: Int = 1) {
        for (index, point) in points.enumerated() {
            line(from: point, to: points[index + 1 == points.count ? 0 : index + 1], color, thickness: thickness)
        }
    }

    /// Mixes a colour into the pixels of a mask whose left top corner lies at (`x`, `y`).
    public func tint(_ mask: BinaryMask, atX x: Int = 0, y: Int = 0, _ color: RGBColor, opacity: Double = 0.45) {
        guard let common = common(mask, x, y) else { return }
        let (bytes, weight, width) = (image.bytes, Self.weight(opacity), image.width)
        mask.pixels.withUnsafeBufferPointer { pixels in
            precondition(pixels.count == mask.size.area)
            for row in common.y..<common.maxY {
                let source = (row - y) * mask.width - x
                for column in common.x..<common.maxX where pixels[source + column] != 0 {
                    bytes.mix(color, weight, at: (row * width + column) * 3)
                }
            }
        }
    }

    /// Draws the pixels of a mask that lie within `thickness` (1 or 2) pixels of its outside, seen in all eight
    /// directions. What lies beyond the mask's own rectangle counts as outside.
    public func outline(
        _ mask: BinaryMask, atX x: Int = 0, y: Int = 0, _ color: RGBColor, thickness: Int = 1
    ) {
        guard let common = common(mask, x, y) else { return }
        let reach = max(1, min(thickness, 2))
        let (bytes, width, size) = (image.bytes, image.width, mask.size)
        mask.pixels.withUnsafeBufferPointer { pixels in
            precondition(pixels.count == size.area)
            func isBorder(_ column: Int, _ row: Int) -> Bool {
                for v in (row - reach)...(row + reach) {
                    guard v >= 0, v < size.height else { return true }
                    for u in (column - reach)...(column + reach) {
                        guard u >= 0, u < size.width, pixels[v * size.width + u] != 0 else { return true }
                    }
                }
                return false
            }
            for row in common.y..<common.maxY {
                for column in common.x..<common.maxX where pixels[(row - y) * size.width + column - x] != 0 {
                    if isBorder(column - x, row - y) { bytes.put(color, at: (row * width + column) * 3) }
                }
            }
        }
    }

    /// Draws a contour's line on the pixels just inside or outside it: corner (x, y) is drawn in pixel (x, y).
    public func outline(_ contour: Contour, atX x: Int = 0, y: Int = 0, _ color: RGBColor, thickness: Int = 1) {
        let (dx, dy) = (Clipping.tame(x), Clipping.tame(y))
        let moved = contour.points.map {
            PixelPoint(x: Clipping.tame($0.x) + dx, y: Clipping.tame($0.y) + dy)
        }
        polygon(moved, color, thickness: thickness)
    }

    private func common(_ mask: BinaryMask, _ x: Int, _ y: Int) -> PixelRect? {
        PixelRect(x: x, y: y, width: mask.width, height: mask.height).clipped(to: image.size)
    }

    /// Opacity in 256ths.
    private static func weight(_ opacity: Double) -> Int {
        opacity >= 1 ? 256 : opacity > 0 ? Int(opacity * 256) : 0
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    fileprivate func put(_ color: RGBColor, at offset: Int) {
        self[offset] = color.red
        self[offset + 1] = color.green
        self[offset + 2] = color.blue
    }

    fileprivate func mix(_ color: RGBColor, _ weight: Int, at offset: Int) {
        func mixed(_ old: UInt8, _ new: UInt8) -> UInt8 {
            UInt8(truncatingIfNeeded: (Int(old) * (256 - weight) + Int(new) * weight + 128) >> 8)
        }
        self[offset] = mixed(self[offset], color.red)
        self[offset + 1] = mixed(self[offset + 1], color.green)
        self[offset + 2] = mixed(self[offset + 2], color.blue)
    }
}
