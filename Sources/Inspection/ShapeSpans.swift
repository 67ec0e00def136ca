import Imaging

/// A shape in pixels: for every row of its bounds the runs of columns whose centres lie inside it.
///
/// Runs instead of a mask, so that a thousand regions over a large frame cost their outlines and not their areas.
struct ShapeSpans: Equatable, Sendable {
    struct Span: Equatable, Sendable {
        /// Columns `low ..< high` of the frame.
        var low: Int32
        var high: Int32
    }

    /// The smallest rectangle of whole pixels around the shape, inside the frame.
    let bounds: PixelRect
    /// Pixels inside.
    let area: Int
    private let spans: [Span]
    /// Where each row's spans begin in `spans`; one more entry than rows.
    private let rowStarts: [Int32]

    /// - Parameters:
    ///   - shape: in pixels of the frame.
    ///   - bounds: the rectangle to fill in; the shape's, clipped to the frame.
    ///
    /// A shape too thin to hold any pixel's centre becomes all of its bounds: inspected a little too widely, never not at all.
    init(_ shape: Shape, bounds: PixelRect) {
        self.bounds = bounds
        var rows: [[Span]]
        switch shape {
        case .frame, .box:
            rows = Self.filled(bounds)
        case .ellipse(let cx, let cy, let rx, let ry):
            rows = (bounds.y..<bounds.maxY).map { y in
                let dy = (Double(y) + 0.5 - cy) / ry
                guard abs(dy) < 1 else { return [] }
                let half = rx * (1 - dy * dy).squareRoot()
                return Self.span(from: cx - half, to: cx + half, in: bounds).map { [$0] } ?? []
            }
        case .polygon(let polygon):
            let vertices = polygon.vertices.map { SIMD2($0.x, $0.y) }
            rows = ScanLines.crossings(of: vertices, rows: bounds.y..<bounds.maxY).map { crossings in
                stride(from: 0, to: crossings.count - 1, by: 2).compactMap {
                    Self.span(from: crossings[$0], to: crossings[$0 + 1], in: bounds)
                }
            }
        }
        if rows.allSatisfy(\.isEmpty) { rows = Self.filled(bounds) }
        var spans: [Span] = [], starts: [Int32] = [0], area = 0
        for row in rows {
            spans += row
            starts.append(Int32(spans.count))
            for span in row { area += Int(span.high - span.low) }
        }
        self.spans = spans
        self.area = area
        rowStarts = starts
    }

    /// The runs of one row of the frame, from left to right; empty outside the bounds.
    func spans(row y: Int) -> ArraySlice<Span> {
        guard y >= bounds.y, y < bounds.maxY else { return [] }
        return spans[Int(rowStarts[y - bounds.y])..<Int(rowStarts[y - bounds.y + 1])]
    }

    func contains(x: Int, y: Int) -> Bool {
        spans(row: y).contains { $0.low <= x && x < $0.high }
    }

    private static func filled(_ bounds: PixelRect) -> [[Span]] {
        [[Span]](repeating: [Span(low: Int32(bounds.x), high: Int32(bounds.maxX))], count: bounds.height)
    }

    /// The pixels whose centres lie in `from ..< to`.
    private static func span(from: Double, to: Double, in bounds: PixelRect) -> Span? {
        ScanLines.columns(from: from, to: to, in: bounds.x..<bounds.maxX).map {
            Span(low: Int32($0.lowerBound), high: Int32($0.upperBound))
        }
    }
}
