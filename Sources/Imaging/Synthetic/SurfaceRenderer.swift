/// Draws the surface of a ground part, gray as RGB.
///
/// gray(x, y) = light · (1 + clouds + marks) + glints + noise, seen through the part's borders. The marks are two
/// first-order autoregressive processes that run down each column, m(x, y) = ρ m(x, y−1) + √(1−ρ²) n(x, y), one long
/// and one short; their steps n are blended over neighbouring columns, so marks are a few pixels wide.
struct SurfaceRenderer {
    private let size: PixelSize
    private let look: SurfaceLook
    private var lighting: ValueNoise
    private var clouds: ValueNoise
    private var crowding: ValueNoise
    private let seed: UInt32
    private let rows: RowBuffers

    init(size: PixelSize, look: SurfaceLook, using random: inout SeededGenerator) {
        let (width, height) = (size.width, size.height)
        let side = Float(max(1, min(width, height)))
        self.size = size
        self.look = look
        lighting = ValueNoise(width: width, height: height, cell: side * 0.45, using: &random)
        clouds = ValueNoise(width: width, height: height, cell: side * 0.09, using: &random)
        crowding = ValueNoise(width: width, height: height, cell: side * 0.16, using: &random)
        seed = UInt32(truncatingIfNeeded: random.next())
        rows = RowBuffers(width: width)
        for x in 0..<width {
            let across = 2 * ((Float(x) + 0.5) / Float(width) - look.lightCentre)
            rows.falloff[x] = look.brightness * max(0.2, 1 - look.curvature * across * across * across * across)
        }
    }

    /// - Precondition: `image` has the renderer's size.
    mutating func render(into image: RGBImage) {
        precondition(image.size == size, "image \(image.size) for a renderer of \(size)")
        guard size.area > 0 else { return }
        let bytes = image.bytes
        for y in 0..<size.height {
            advanceMarks(row: y)
            shade(row: y)
            shadeBorders(row: y)
            store(row: y, into: bytes)
        }
    }

    private func advanceMarks(row y: Int) {
        let width = size.width
        // The first row takes a whole step, so that the marks are at full strength from the top.
        let long = y == 0 ? 0 : look.persistence, short = y == 0 ? 0 : look.shortPersistence
        let longStep = (1 - long * long).squareRoot(), shortStep = (1 - short * short).squareRoot()
        let base = seed &+ UInt32(truncatingIfNeeded: y) &* 0x9E37_79B1
        let (longSteps, shortSteps, noise) = (rows.longSteps, rows.shortSteps, rows.noise)
        let (longMarks, shortMarks) = (rows.long, rows.short)
        // The bytes of one hash serve as four random numbers. A uniform byte has deviation 73.9, the sum of two 104.5.
        for x in 0...width {
            let hash = Self.hash(base, UInt32(truncatingIfNeeded: x))
            longSteps[x] = (Float(hash & 0xFF) - 127.5) * (1 / 73.9)
            shortSteps[x] = (Float((hash >> 8) & 0xFF) - 127.5) * (1 / 73.9)
            noise[x] = (Float((hash >> 16) & 0xFF) + Float(hash >> 24) - 255) * (1 / 104.5)
        }
        // √½ gives a sum of two steps the variance of one.
        for x in 0..<width {
            longMarks[x] = long * longMarks[x] + longStep * 0.7071 * (longSteps[x] + longSteps[x + 1])
            shortMarks[x] = short * shortMarks[x] + shortStep * shortSteps[x]
        }
    }

    private mutating func shade(row y: Int) {
        let (light, glow, gray) = (rows.light, rows.glow, rows.gray)
        light.update(repeating: 0)
        glow.update(repeating: 0)
        lighting.add(row: y, scale: look.lightSwing, to: light)
        clouds.add(row: y, scale: look.clouds, to: light)
        // Glints crowd in some columns: their noise is read slowly down the part.
        crowding.add(row: y / 8, scale: 1, to: glow)
        let (falloff, long, short, noise) = (rows.falloff, rows.long, rows.short, rows.noise)
        let (grinding, glints, grain) = (look.grinding, look.glints, look.noise)
        for x in 0..<size.width {
            let marks = 0.8 * long[x] + 0.6 * short[x]
            let peak = max(0, long[x] + 0.7 * short[x] - 1.3) * max(0, glow[x] + 0.2)
            gray[x] = falloff[x] * (1 + light[x] + grinding * marks + glints * min(peak, 1.5)) + grain * noise[x]
        }
    }

    /// Beyond the part's borders lies a dark fixture.
    private func shadeBorders(row y: Int) {
        let gray = rows.gray
        let down = Float(y) / Float(size.height) - 0.5
        let left = look.left.inset + look.left.slant * down
        let right = Float(size.width - 1) - look.right.inset - look.right.slant * down
        let bottom = Float(size.height - 1) - look.bottom.inset - Float(y)
        let slope = look.bottom.slant / Float(size.width)
        let leftRise = 1 / look.left.softness, rightRise = 1 / look.right.softness
        let bottomRise = 1 / look.bottom.softness
        for x in 0..<size.width {
            let place = Float(x)
            let inside = min(
                (place - left) * leftRise, (right - place) * rightRise, (bottom + slope * place) * bottomRise)
            gray[x] *= max(0.12, min(1, 0.5 + inside))
        }
    }

    /// Blurs lightly along the row, as a lens does, and stores the row as RGB.
    private func store(row y: Int, into bytes: UnsafeMutableBufferPointer<UInt8>) {
        let gray = rows.gray, last = size.width - 1
        var before = gray[0]
        for x in 0...last {
            let value = 0.7 * gray[x] + 0.15 * (before + gray[min(last, x + 1)])
            before = gray[x]
            let level = UInt8(max(0, min(255, value + 0.5)))
            let pixel = (y * size.width + x) * 3
            bytes[pixel] = level
            bytes[pixel + 1] = level
            bytes[pixel + 2] = level
        }
    }

    @inline(__always)
    private static func hash(_ row: UInt32, _ column: UInt32) -> UInt32 {
        var h = row ^ (column &* 0x85EB_CA6B)
        h = (h ^ (h >> 16)) &* 0x7FEB_352D
        h = (h ^ (h >> 15)) &* 0x846C_A68B
        return h ^ (h >> 16)
    }
}
