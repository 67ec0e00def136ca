/// Smooth random clouds: random values at the corners of square cells, eased between them.
///
/// f(x, y) = Σ corner values · s(u) s(v), with u, v the position inside the cell and s(t) = t²(3 − 2t).
/// Values lie in −1 … 1 and change over a length of about one cell.
struct ValueNoise {
    private let columns: Int
    private let cell: Float
    private var corners: [Float]
    private var line: [Float]

    /// - Parameter cell: the side of a cell in pixels; at least 1 is used.
    init(width: Int, height: Int, cell: Float, using random: inout SeededGenerator) {
        self.cell = max(1, cell)
        columns = Int(Float(width) / self.cell) + 2
        let rows = Int(Float(height) / self.cell) + 2
        corners = []
        corners.reserveCapacity(columns * rows)
        for _ in 0..<(columns * rows) { corners.append(random.signed()) }
        line = [Float](repeating: 0, count: columns)
    }

    /// row[x] += scale · f(x, y) for every column of `row`, which is no wider than the noise.
    mutating func add(row y: Int, scale: Float, to row: UnsafeMutableBufferPointer<Float>) {
        let position = Float(y) / cell
        let above = Int(position)
        let weight = Self.ease(position - Float(above))
        for column in 0..<columns {
            let upper = corners[above * columns + column]
            let lower = corners[(above + 1) * columns + column]
            line[column] = (upper + (lower - upper) * weight) * scale
        }
        let step = 1 / cell
        var x = 0
        for column in 0..<(columns - 1) where x < row.count {
            let left = line[column], rise = line[column + 1] - left
            let end = min(row.count, Int((Float(column + 1) * cell).rounded(.up)))
            while x < end {
                row[x] += left + rise * Self.ease(Float(x) * step - Float(column))
                x += 1
            }
        }
    }

    /// f at one pixel, for shapes too small to go by rows.
    func value(x: Int, y: Int) -> Float {
        let across = Float(x) / cell, down = Float(y) / cell
        let column = Int(across), row = Int(down)
        let u = Self.ease(across - Float(column)), v = Self.ease(down - Float(row))
        let corner = row * columns + column
        let upper = corners[corner] + (corners[corner + 1] - corners[corner]) * u
        let lower = corners[corner + columns] + (corners[corner + columns + 1] - corners[corner + columns]) * u
        return upper + (lower - upper) * v
    }

    @inline(__always)
    private static func ease(_ t: Float) -> Float { t * t * (3 - 2 * t) }
}
