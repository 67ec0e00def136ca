import Imaging

/// How well a mask agrees with the truth.
public enum MaskMetrics {
    /// Boundary IoU (Cheng et al., CVPR 2021): IoU of what an erosion by 2% of the picture's diagonal takes away.
    public static func boundaryIoU(_ a: BinaryMask, _ b: BinaryMask, dilationRatio: Double = 0.02) -> Double {
        boundary(a, dilationRatio: dilationRatio).iou(with: boundary(b, dilationRatio: dilationRatio))
    }

    /// The mask without its erosion by a square of side 2d + 1, d = max(1, round(ratio · diagonal)). Outside is 0.
    public static func boundary(_ mask: BinaryMask, dilationRatio: Double) -> BinaryMask {
        let width = mask.width, height = mask.height
        let diagonal = Double(width * width + height * height).squareRoot()
        let reach = max(1, Int((dilationRatio * diagonal).rounded(.toNearestOrEven)))
        var rows = [UInt8](repeating: 0, count: mask.pixels.count)
        for y in 0..<height {
            erode(mask.pixels, from: y * width, step: 1, count: width, reach: reach, into: &rows)
        }
        var eroded = [UInt8](repeating: 0, count: mask.pixels.count)
        for x in 0..<width { erode(rows, from: x, step: width, count: height, reach: reach, into: &eroded) }
        var result = mask
        for index in result.pixels.indices { result.pixels[index] -= eroded[index] }
        return result
    }

    /// A pixel of a line stays when the `reach` pixels on both its sides are set and inside the picture.
    private static func erode(
        _ source: [UInt8], from start: Int, step: Int, count: Int, reach: Int, into target: inout [UInt8]
    ) {
        // The window of 2·reach + 1 pixels that ends at `index` is full; its centre stays.
        var run = 0
        for index in 0..<count {
            run = source[start + index * step] != 0 ? run + 1 : 0
            if run > 2 * reach { target[start + (index - reach) * step] = 1 }
        }
    }
}
