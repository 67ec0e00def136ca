/// How a flaw changes the pixels that it covers.
///
/// A flaw covers a pixel by α = s(½ − d / 2w), with d the signed distance to its outline in pixels, s(t) = t²(3 − 2t)
/// on 0 … 1 and w the softness, so α ≥ ½ inside. A covered channel v becomes v + α(g(κm + (1 − κ)v) − v), with m the
/// surface's mean under the flaw, g the gain (below 1 darker, above brighter) and κ the opacity.
struct DefectFinish {
    /// Relative difference from the surface, 0 … 1.
    var contrast: Float
    var brighter = false
    /// Half the width of the soft edge in pixels; a flaw's is at most `DefectPainter.rim`.
    var softness: Float
    /// How much of the surface's texture the flaw hides, 0 … 1.
    var opacity: Float
    /// How uneven the contrast is over the flaw, 0 … 1.
    var mottle: Float
    /// How much less dark the wall of a hollow is that faces the light, 0 … 1.
    var relief: Float = 0

    static func random(
        _ kind: DefectKind, range: DefectRange, side: Float, using random: inout SeededGenerator
    ) -> DefectFinish {
        let contrast = random.uniform(range.contrast)
        let brighter = random.chance(range.brightShare)
        let scale = max(1, side / 300)
        func soft(_ pixels: Float) -> Float { min(DefectPainter.rim, pixels * scale) }
        return switch kind {
        case .scratch:
            DefectFinish(contrast: contrast, brighter: brighter, softness: soft(0.9), opacity: 0.6, mottle: 0.35)
        case .crack:
            DefectFinish(contrast: contrast, brighter: brighter, softness: soft(0.9), opacity: 0.8, mottle: 0.2)
        case .pit:
            DefectFinish(
                contrast: contrast, brighter: brighter, softness: soft(1.4), opacity: 0.75, mottle: 0.25, relief: 0.35)
        case .stain:
            DefectFinish(contrast: contrast, brighter: brighter, softness: soft(3), opacity: 0.1, mottle: 0.5)
        }
    }

    /// Changes the picture where `distances`, those of `spot.frame`, are below the softness.
    /// - Returns: the contrast as applied: positive is darker, negative brighter.
    @discardableResult
    func apply(
        to image: RGBImage, spot: DefectSpot, shape: DefectShape, distances: [Float],
        using random: inout SeededGenerator
    ) -> Float {
        // Darker cannot be seen on black, nor brighter on white.
        let brighter = spot.luminance < 20 ? true : spot.luminance > 225 ? false : self.brighter
        let frame = spot.frame
        let cell = max(2, Float(min(frame.width, frame.height)) / 5)
        let texture = ValueNoise(width: frame.width, height: frame.height, cell: cell, using: &random)
        let lit = random.direction()
        let bytes = image.bytes
        for y in 0..<frame.height {
            for x in 0..<frame.width {
                let distance = distances[y * frame.width + x]
                guard distance < softness else { continue }
                let t = min(1, 0.5 - distance / (2 * softness))
                let cover = t * t * (3 - 2 * t)
                var depth = contrast * (1 - mottle * (0.5 + 0.5 * texture.value(x: x, y: y)))
                if relief > 0, case .blob(let blob) = shape {
                    let place = blob.local(SIMD2(Float(frame.x + x), Float(frame.y + y)))
                    depth *= 1 - relief * max(0, min(1, (place * lit).sum()))
                }
                let pixel = ((frame.y + y) * image.width + frame.x + x) * 3
                for channel in 0..<3 {
                    let value = Float(bytes[pixel + channel])
                    let surface = opacity * spot.mean[channel] + (1 - opacity) * value
                    // At least two levels, or a faint flaw on a dark surface would be lost in rounding.
                    let change = max(2, surface * depth)
                    let target = brighter ? surface + change : surface - change
                    bytes[pixel + channel] = UInt8(max(0, min(255, value + cover * (target - value) + 0.5)))
                }
            }
        }
        return brighter ? -contrast : contrast
    }
}

/// The place that a flaw will cover, measured before it is painted.
struct DefectSpot {
    /// The pixels that may change.
    let frame: PixelRect
    /// The smallest rectangle around the truth.
    let box: PixelRect
    /// Pixels of the truth.
    let area: Int
    /// Mean of each channel over the truth.
    let mean: SIMD4<Float>
    var luminance: Float { (mean.x + mean.y + mean.z) / 3 }

    /// Nil where the truth holds no pixel.
    /// - Parameter distances: of the pixels of `frame`, which lies inside the image.
    init?(image: RGBImage, frame: PixelRect, distances: [Float]) {
        var (left, right, top, bottom) = (Int.max, Int.min, Int.max, Int.min)
        var count = 0
        var sum = SIMD4<Float>()
        let bytes = image.bytes
        for y in 0..<frame.height {
            for x in 0..<frame.width where distances[y * frame.width + x] <= 0 {
                let pixel = ((frame.y + y) * image.width + frame.x + x) * 3
                sum += SIMD4(Float(bytes[pixel]), Float(bytes[pixel + 1]), Float(bytes[pixel + 2]), 0)
                (left, right) = (min(left, x), max(right, x))
                (top, bottom) = (min(top, y), max(bottom, y))
                count += 1
            }
        }
        guard count > 0 else { return nil }
        self.frame = frame
        box = PixelRect(x: frame.x + left, y: frame.y + top, width: right - left + 1, height: bottom - top + 1)
        area = count
        mean = sum / Float(count)
    }
}
