import Imaging

/// Removes small holes and islands from masks (segment-anything's `remove_small_regions`, 8-connected).
struct SmallRegions {
    private var labeller = ComponentLabeller()
    private var outside = BinaryMask()

    /// Fills holes of fewer than `area` pixels, then drops islands of fewer; the largest island stays in any case.
    ///
    /// - Returns: whether anything changed.
    mutating func remove(from mask: inout BinaryMask, below area: Int) -> Bool {
        let filled = fillHoles(of: &mask, below: area)
        return dropIslands(of: &mask, below: area) || filled
    }

    private mutating func fillHoles(of mask: inout BinaryMask, below area: Int) -> Bool {
        outside.reset(width: mask.width, height: mask.height)
        for index in mask.pixels.indices where mask.pixels[index] == 0 { outside.pixels[index] = 1 }
        let small = labeller.label(outside).filter { $0.area < area }
        for hole in small { set(hole, in: &mask, to: 1) }
        return !small.isEmpty
    }

    private mutating func dropIslands(of mask: inout BinaryMask, below area: Int) -> Bool {
        let islands = labeller.label(mask), small = islands.filter { $0.area < area }
        guard !small.isEmpty else { return false }
        // The first of the largest, where all are small.
        let saved = small.count == islands.count ? islands.max { ($0.area, $1.label) < ($1.area, $0.label) } : nil
        for island in small where island != saved { set(island, in: &mask, to: 0) }
        return true
    }

    private func set(_ component: Component, in mask: inout BinaryMask, to value: UInt8) {
        let width = mask.width
        for run in labeller.runs(of: component) {
            for x in run.columns { mask.pixels[run.row * width + x] = value }
        }
    }
}
