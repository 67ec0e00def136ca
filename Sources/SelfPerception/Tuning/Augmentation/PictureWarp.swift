import Imaging
import Tensor

/// Draws a placed picture and its truth into the model's square, each in one pass of bilinear sampling.
///
/// Where the placement makes the picture smaller than the model would itself, it is reduced by that factor first, without
/// aliasing (``AntialiasedTaps``): sampling alone would skip pixels. What the model's own stretching skips is left as it
/// is, so that an unchanged picture is the model's input exactly.
final class PictureWarp {
    private let reduced = RGBImage()
    private let reducedRows = RGBImage()
    private let reducedTruth = RGBImage()

    /// - Parameters:
    ///   - pixels: `side · side · 3`, written with levels of 0…255; 0 where the picture is not.
    ///   - Returns: for each row the columns that the picture covers.
    func draw(
        _ image: RGBImage, _ placement: Placement, into pixels: UnsafeMutablePointer<Float>, in workspace: Workspace
    ) -> [Range<Int>] {
        let source = reduce(image, by: placement.reduction, into: reduced), size = source.size
        let map = Self.sampling(placement, size), side = placement.side
        guard let bytes = source.bytes.baseAddress.map({ UnsafePointer($0) }) else { return [] }
        let spans = (0..<side).map { Self.covered(row: $0, by: map, size: size, side: side) }
        workspace.parallelRows(side, tile: 32, scratch: 0) { rows, _ in
            for y in rows { sampleColours(bytes, size, map, y, spans[y], side, pixels + y * side * 3) }
        }
        return spans
    }

    /// Truth is what covers more than half of a pixel.
    ///
    /// - Parameter framed: given the input's size and written.
    func draw(_ truth: BinaryMask, _ placement: Placement, into framed: inout BinaryMask) {
        let side = placement.side
        framed.reset(width: side, height: side)
        if placement.reduction == 1 {
            let map = Self.sampling(placement, truth.size)
            truth.pixels.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress else { return }
                sample(source, stride: 1, level: 0.5, size: truth.size, map, into: &framed)
            }
            return
        }
        reducedTruth.resize(width: truth.width, height: truth.height)
        let colours = reducedTruth.bytes
        for pixel in truth.pixels.indices {
            let level: UInt8 = truth.pixels[pixel] == 0 ? 0 : 255
            (colours[3 * pixel], colours[3 * pixel + 1], colours[3 * pixel + 2]) = (level, level, level)
        }
        let source = reduce(reducedTruth, by: placement.reduction, into: reduced), map = Self.sampling(placement, source.size)
        guard let bytes = source.bytes.baseAddress else { return }
        sample(UnsafePointer(bytes), stride: 3, level: 127.5, size: source.size, map, into: &framed)
    }

    private func sample(
        _ source: UnsafePointer<UInt8>, stride: Int, level: Float, size: PixelSize, _ map: AffineMap, into framed: inout BinaryMask
    ) {
        let side = framed.width
        framed.pixels.withUnsafeMutableBufferPointer { target in
            guard let target = target.baseAddress else { return }
            for y in 0..<side {
                let span = Self.covered(row: y, by: map, size: size, side: side)
                sampleTruth(source, stride, level, size, map, y, span, target + y * side)
            }
        }
    }

    /// From the input's continuous pixels to those of a reduced picture.
    private static func sampling(_ placement: Placement, _ size: PixelSize) -> AffineMap {
        let x = Double(size.width) / Double(placement.picture.width), y = Double(size.height) / Double(placement.picture.height)
        let inverse = placement.toInput.inverse
        return x == 1 && y == 1 ? inverse : inverse.then(.scale(x, y))
    }

    /// The columns whose centres the map takes into the picture: an interval, since the picture is convex.
    private static func covered(row: Int, by map: AffineMap, size: PixelSize, side: Int) -> Range<Int> {
        var low = 0.0, high = Double(side)
        let start = map(SIMD2(0.5, Double(row) + 0.5))
        for (slope, value, length) in [(map.a, start.x, Double(size.width)), (map.d, start.y, Double(size.height))] {
            if abs(slope) < 1e-12 {
                if value < 0 || value >= length { return 0..<0 }
            } else {
                let ends = [-value / slope, (length - value) / slope]
                low = max(low, min(ends[0], ends[1]))
                high = min(high, max(ends[0], ends[1]))
            }
        }
        // A centre on the very border is in; rounding of the bounds must not cost it.
        let first = Int((low - 1e-9).rounded(.up)), end = Int((high - 1e-9).rounded(.up))
        return first < end ? max(0, first)..<min(side, end) : 0..<0
    }

    private func reduce(_ image: RGBImage, by factor: Double, into target: RGBImage) -> RGBImage {
        let width = max(1, Int((Double(image.width) * factor).rounded())), height = max(1, Int((Double(image.height) * factor).rounded()))
        guard factor < 1, width < image.width || height < image.height, let source = image.bytes.baseAddress else { return image }
        let horizontal = AntialiasedTaps(source: image.width, target: width), vertical = AntialiasedTaps(source: image.height, target: height)
        reducedRows.resize(width: width, height: image.height)
        target.resize(width: width, height: height)
        guard let rows = reducedRows.bytes.baseAddress, let result = target.bytes.baseAddress else { return image }
        for y in 0..<image.height { horizontal.resizeRow(source + y * image.width * 3, into: rows + y * width * 3) }
        for y in 0..<height {
            let first = vertical.sources(of: y..<y + 1).lowerBound
            vertical.resizeColumns(y, of: rows + first * width * 3, count: width * 3, into: result + y * width * 3)
        }
        return target
    }
}

/// One row of the square: `span` sampled bilinearly, held at the picture's border; the rest 0.
private func sampleColours(
    _ source: UnsafePointer<UInt8>, _ size: PixelSize, _ map: AffineMap, _ y: Int, _ span: Range<Int>, _ side: Int,
    _ target: UnsafeMutablePointer<Float>
) {
    target.update(repeating: 0, count: side * 3)
    let start = map(SIMD2(0.5, Double(y) + 0.5)) - 0.5
    let lastX = Float(size.width - 1), lastY = Float(size.height - 1), stride = size.width * 3
    for x in span {
        let px = max(0, min(lastX, Float(start.x + map.a * Double(x)))), py = max(0, min(lastY, Float(start.y + map.d * Double(x))))
        let column = Int(px), row = Int(py), u = px - Float(column), v = py - Float(row)
        let near = source + row * stride + column * 3
        let right = column + 1 < size.width ? 3 : 0, below = row + 1 < size.height ? stride : 0
        for channel in 0..<3 {
            let top = Float(near[channel]) * (1 - u) + Float(near[right + channel]) * u
            let bottom = Float(near[below + channel]) * (1 - u) + Float(near[below + right + channel]) * u
            target[3 * x + channel] = top * (1 - v) + bottom * v
        }
    }
}

/// As `sampleColours` for one byte in `step`: 1 where the sample is above the level.
private func sampleTruth(
    _ source: UnsafePointer<UInt8>, _ step: Int, _ level: Float, _ size: PixelSize, _ map: AffineMap, _ y: Int, _ span: Range<Int>,
    _ target: UnsafeMutablePointer<UInt8>
) {
    let start = map(SIMD2(0.5, Double(y) + 0.5)) - 0.5
    let lastX = Float(size.width - 1), lastY = Float(size.height - 1), stride = size.width * step
    for x in span {
        let px = max(0, min(lastX, Float(start.x + map.a * Double(x)))), py = max(0, min(lastY, Float(start.y + map.d * Double(x))))
        let column = Int(px), row = Int(py), u = px - Float(column), v = py - Float(row)
        let near = source + row * stride + column * step
        let right = column + 1 < size.width ? step : 0, below = row + 1 < size.height ? stride : 0
        let top = Float(near[0]) * (1 - u) + Float(near[right]) * u, bottom = Float(near[below]) * (1 - u) + Float(near[below + right]) * u
        target[x] = top * (1 - v) + bottom * v > level ? 1 : 0
    }
}
