/// Shapes in continuous pixels, filled by the pixels whose centres lie inside; what falls outside the mask is left out.
extension BinaryMask {
    /// Adds a closed polygon of (x, y) vertices by the even-odd rule.
    public mutating func fill(polygon vertices: [SIMD2<Double>]) {
        guard height > 0, vertices.count >= 3 else { return }
        // In bands, so that a long zigzag over a high picture does not hold all its crossings at once.
        for top in stride(from: 0, to: height, by: 64) {
            let rows = top..<min(height, top + 64)
            for (y, crossings) in zip(rows, ScanLines.crossings(of: vertices, rows: rows)) {
                for index in stride(from: 0, to: crossings.count - 1, by: 2) {
                    fill(row: y, from: crossings[index], to: crossings[index + 1])
                }
            }
        }
    }

    /// Adds a disc.
    public mutating func fill(circle centre: SIMD2<Double>, radius: Double) {
        for y in 0..<height {
            let dy = Double(y) + 0.5 - centre.y
            guard abs(dy) < radius else { continue }
            let half = (radius * radius - dy * dy).squareRoot()
            fill(row: y, from: centre.x - half, to: centre.x + half)
        }
    }

    private mutating func fill(row y: Int, from: Double, to: Double) {
        guard let columns = ScanLines.columns(from: from, to: to, in: 0..<width) else { return }
        let start = y * width
        for x in columns { pixels[start + x] = 1 }
    }
}
