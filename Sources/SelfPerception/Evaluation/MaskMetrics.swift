import Imaging

/// How well a mask agrees with the truth.
public enum MaskMetrics {
    /// Boundary IoU (Cheng et al., CVPR 2021): IoU of what an erosion by 2% of the picture's diagonal takes away.
    public static func boundaryIoU(_ a: BinaryMask, _ b: BinaryMask, dilationRatio: Double = 0.02) -> Double {
        boundary(a, dilationRatio: dilationRatio).iou(with: boundary(b, dilationRatio: dilationRatio))
    }

    /// The mask without its erosion by a square of side 2d + 1, d = max(1, round(ratio · diagonal)). Outside is 0.
    public static func boundary(_ mask: BinaryMask, dilationRatio: Double = 0.02) -> BinaryMask {
        let width = mask.width, height = mask.height
        let diagonal = Double(width * width + height * height).squareRoot()
        let reach = max(1, Int((dilationRatio * diagonal).rounded(.toNearestOrEven)))
        var result = mask
        // What is eroded to lies well within the mask's bounds; a defect's are a small part of a picture.
        guard let bounds = mask.bounds, bounds.width > 2 * reach, bounds.height > 2 * reach else { return result }
        var rows = [UInt8](repeating: 0, count: bounds.width * bounds.height)
        var run = [Int](repeating: 0, count: bounds.width)
        result.pixels.withUnsafeMutableBufferPointer { pixels in
            rows.withUnsafeMutableBufferPointer { rows in
                guard let corner = pixels.baseAddress.map({ $0 + bounds.y * width + bounds.x }), let rows = rows.baseAddress else { return }
                for y in 0..<bounds.height { erode(corner + y * width, count: bounds.width, reach: reach, into: rows + y * bounds.width) }
                for y in 0..<bounds.height {
                    for x in 0..<bounds.width {
                        run[x] = rows[y * bounds.width + x] != 0 ? run[x] + 1 : 0
                        if run[x] > 2 * reach { corner[(y - reach) * width + x] = 0 }
                    }
                }
            }
        }
        return result
    }

    /// A pixel of a line stays when the `reach` pixels on both its sides are set and inside the line.
    private static func erode(
        _ source: UnsafePointer<UInt8>, count: Int, reach: Int, into target: UnsafeMutablePointer<UInt8>
    ) {
        // The window of 2·reach + 1 pixels that ends at `index` is full; its centre stays.
        var run = 0
        for index in 0..<count {
            run = source[index] != 0 ? run + 1 : 0
            if run > 2 * reach { target[index - reach] = 1 }
        }
    }
}

extension BinaryMask {
    /// The smallest rectangle around all that is set; nil where nothing is.
    fileprivate var bounds: PixelRect? {
        var left = width, right = -1, top = height, bottom = -1
        pixels.withUnsafeBufferPointer { pixels in
            for y in 0..<height {
                let row = UnsafeBufferPointer(rebasing: pixels[y * width..<(y + 1) * width])
                guard let first = row.firstIndex(where: { $0 != 0 }), let last = row.lastIndex(where: { $0 != 0 }) else { continue }
                (left, right) = (min(left, first), max(right, last))
                (top, bottom) = (min(top, y), y)
            }
        }
        return right < 0 ? nil : PixelRect(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
    }
}
