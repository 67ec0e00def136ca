extension BinaryMask {
    /// Pixels inside.
    public var area: Int {
        pixels.withUnsafeBufferPointer { pixels in
            var count = 0
            for value in pixels where value != 0 { count += 1 }
            return count
        }
    }

    /// Pixels inside both masks.
    /// - Precondition: the masks have one size.
    public func intersectionArea(with other: BinaryMask) -> Int {
        precondition(size == other.size, "masks of \(size) and \(other.size) pixels")
        return pixels.withUnsafeBufferPointer { a in
            other.pixels.withUnsafeBufferPointer { b in
                var count = 0
                for i in 0..<a.count where (a[i] != 0) && (b[i] != 0) { count += 1 }
                return count
            }
        }
    }

    /// Intersection over union; 1 for two empty masks, which agree.
    /// - Precondition: the masks have one size.
    public func iou(with other: BinaryMask) -> Double {
        let both = intersectionArea(with: other)
        let either = area + other.area - both
        return either == 0 ? 1 : Double(both) / Double(either)
    }

    /// Keeps the pixels that are inside `other` too.
    /// - Precondition: the masks have one size.
    public mutating func formIntersection(with other: BinaryMask) {
        precondition(size == other.size, "masks of \(size) and \(other.size) pixels")
        pixels.withUnsafeMutableBufferPointer { a in
            other.pixels.withUnsafeBufferPointer { b in
                for i in 0..<a.count { a[i] = (a[i] != 0) && (b[i] != 0) ? 1 : 0 }
            }
        }
    }

    /// Adds the pixels of `other`, whose left top corner lies at (`x`, `y`); what falls outside is left out.
    public mutating func formUnion(with other: BinaryMask, atX x: Int = 0, y: Int = 0) {
        forEachRow(of: other, atX: x, y: y) { target, source in
            for i in 0..<target.count where source[i] != 0 { target[i] = 1 }
        }
    }

    /// Replaces the rectangle that `other` covers, its left top corner at (`x`, `y`); what falls outside is left out.
    public mutating func paste(_ other: BinaryMask, atX x: Int, y: Int) {
        forEachRow(of: other, atX: x, y: y) { target, source in
            for i in 0..<target.count { target[i] = source[i] != 0 ? 1 : 0 }
        }
    }

    /// Puts the part of this mask in `rect` into `target`, which is given the rectangle's size.
    /// What lies outside this mask counts as outside.
    public func crop(_ rect: PixelRect, into target: inout BinaryMask) {
        target.reset(width: max(0, rect.width), height: max(0, rect.height))
        target.paste(self, atX: -Clipping.tame(rect.x), y: -Clipping.tame(rect.y))
    }

    /// Bytes of 0 and 255, as a `raw_mono8` picture has them; the array's storage is reused.
    public func mono8(into bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: pixels.lazy.map { $0 == 0 ? 0 : 255 })
    }

    private mutating func forEachRow(
        of other: BinaryMask, atX x: Int, y: Int,
        _ body: (UnsafeMutableBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Void
    ) {
        let (width, height, otherWidth) = (self.width, self.height, other.width)
        let placed = PixelRect(x: x, y: y, width: other.width, height: other.height)
        guard let common = placed.clipped(to: size) else { return }
        pixels.withUnsafeMutableBufferPointer { target in
            other.pixels.withUnsafeBufferPointer { source in
                precondition(target.count == width * height && source.count == otherWidth * other.height)
                for row in common.y..<common.maxY {
                    let from = (row - y) * otherWidth + common.x - x
                    let to = row * width + common.x
                    body(
                        UnsafeMutableBufferPointer(rebasing: target[to..<(to + common.width)]),
                        UnsafeBufferPointer(rebasing: source[from..<(from + common.width)]))
                }
            }
        }
    }
}
