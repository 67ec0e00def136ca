/// Where a closed polygon's edges cross the centre lines of pixel rows.
public enum ScanLines {
    /// The crossings with the line y + ½ of each row, sorted: an even number, whose pairs enclose the inside (even-odd rule).
    ///
    /// - Parameters:
    ///   - vertices: (x, y) in continuous pixels, finite; the last joins the first.
    ///   - rows: the rows wanted; the result has one entry a row.
    public static func crossings(of vertices: [SIMD2<Double>], rows: Range<Int>) -> [[Double]] {
        var lines = [[Double]](repeating: [], count: rows.count)
        for (index, a) in vertices.enumerated() {
            let b = vertices[(index + 1) % vertices.count]
            // An edge owns the centre lines in top ..< bottom, so that two edges never both count a shared vertex.
            let first = max((min(a.y, b.y) - 0.5).rounded(.up), Double(rows.lowerBound))
            let end = min((max(a.y, b.y) - 0.5).rounded(.up), Double(rows.upperBound))
            guard first < end else { continue }
            for y in Int(first)..<Int(end) {
                let t = (Double(y) + 0.5 - a.y) / (b.y - a.y)
                lines[y - rows.lowerBound].append(a.x + (b.x - a.x) * t)
            }
        }
        for index in lines.indices { lines[index].sort() }
        return lines
    }

    /// The columns of `columns` whose centres lie in `from ..< to`; nil where there are none.
    public static func columns(from: Double, to: Double, in columns: Range<Int>) -> Range<Int>? {
        let low = max((from - 0.5).rounded(.up), Double(columns.lowerBound))
        let high = min((to - 0.5).rounded(.up), Double(columns.upperBound))
        return low < high ? Int(low)..<Int(high) : nil
    }
}
