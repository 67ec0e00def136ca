import Imaging

/// Which cells of the model's low-resolution mask lie inside each region.
final class CellTable: Sendable {
    /// For each region the row-major indices of its cells; never empty.
    let cells: [[Int32]]

    /// A cell belongs to a region when the pixel under its centre does. Where a region is so small that no centre falls
    /// into it, every cell that covers one of its pixels belongs to it.
    init(regions: [PlannedRegion], grid: PixelSize) {
        cells = regions.map { region in
            let rect = region.displayed
            /// The pixel under a cell's centre, along one axis.
            func centre(_ cell: Int, _ count: Int, _ start: Int, _ length: Int) -> Int {
                start + min(length - 1, (2 * cell + 1) * length / (2 * count))
            }
            var inside: [Int32] = []
            for row in 0..<grid.height {
                let spans = region.spans.spans(row: centre(row, grid.height, rect.y, rect.height))
                guard !spans.isEmpty else { continue }
                for column in 0..<grid.width {
                    let x = centre(column, grid.width, rect.x, rect.width)
                    if spans.contains(where: { $0.low <= x && x < $0.high }) {
                        inside.append(Int32(row * grid.width + column))
                    }
                }
            }
            return inside.isEmpty ? Self.covering(region, grid: grid) : inside
        }
    }

    private static func covering(_ region: PlannedRegion, grid: PixelSize) -> [Int32] {
        let rect = region.displayed, bounds = region.spans.bounds
        var found: Set<Int32> = []
        for y in bounds.y..<bounds.maxY {
            let row = (y - rect.y) * grid.height / rect.height
            for span in region.spans.spans(row: y) {
                for x in Int(span.low)..<Int(span.high) {
                    found.insert(Int32(row * grid.width + (x - rect.x) * grid.width / rect.width))
                }
            }
        }
        return found.sorted()
    }
}
