import Imaging
import SegmentAnything

/// Which cells of the model's low-resolution mask lie inside each region.
final class CellTable: Sendable {
    /// For each region the row-major indices of its cells; never empty.
    let cells: [[Int32]]

    /// A cell belongs to a region when the pixel under its centre does; a cell of the input's padding has none. Where a
    /// region is so small that no centre falls into it, every cell that covers one of its pixels belongs to it.
    init(regions: [PlannedRegion], grid: PixelSize, layout: InputLayout) {
        cells = regions.map { region in
            let rect = region.displayed, geometry = layout.geometry(of: rect.size)
            let columns = geometry.columns(grid: grid), rows = geometry.rows(grid: grid)
            var inside: [Int32] = []
            for row in 0..<grid.height {
                guard let y = rows.pixel(underCell: row) else { break }
                let spans = region.spans.spans(row: rect.y + y)
                guard !spans.isEmpty else { continue }
                for column in 0..<grid.width {
                    guard let offset = columns.pixel(underCell: column) else { break }
                    let x = rect.x + offset
                    if spans.contains(where: { $0.low <= x && x < $0.high }) {
                        inside.append(Int32(row * grid.width + column))
                    }
                }
            }
            return inside.isEmpty ? Self.covering(region, columns, rows) : inside
        }
    }

    private static func covering(_ region: PlannedRegion, _ columns: MaskAxis, _ rows: MaskAxis) -> [Int32] {
        let rect = region.displayed, bounds = region.spans.bounds
        var found: Set<Int32> = []
        for y in bounds.y..<bounds.maxY {
            let row = rows.cell(over: y - rect.y)
            for span in region.spans.spans(row: y) {
                for x in Int(span.low)..<Int(span.high) {
                    found.insert(Int32(row * columns.cells + columns.cell(over: x - rect.x)))
                }
            }
        }
        return found.sorted()
    }
}
