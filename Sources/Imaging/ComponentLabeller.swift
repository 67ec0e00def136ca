/// A connected part of a mask (8-connectivity).
public struct Component: Hashable, Sendable {
    /// 1 for the component whose first pixel comes first row by row, and so on.
    public let label: Int
    /// Pixels.
    public let area: Int
    public let bounds: PixelRect
    /// The mean of the pixels' column and row numbers: a single pixel's centroid is its own column and row, so the
    /// middle of the picture's first pixel is (0, 0), as in OpenCV and scikit-image.
    public let centroid: Centroid
    /// Where the component's runs stand in the labeller's `runs`.
    let runRange: Range<Int>

    public struct Centroid: Hashable, Sendable {
        public var x: Double
        public var y: Double

        public init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }
}

/// Pixels side by side: columns `columns` of row `row`.
public struct PixelRun: Hashable, Sendable {
    public let row: Int
    public let columns: Range<Int>
}

/// Finds the connected components of masks, one after another, in buffers that are kept.
///
/// Rows are cut into runs; a run joins every run of the row above that it touches at a side or corner, with
/// union-find over runs (the smallest run of a set is its root). Time is linear in pixels, memory in runs.
public struct ComponentLabeller: Sendable {
    /// The last mask's components, by label.
    public private(set) var components: [Component] = []
    /// Height × width: each pixel's label, 0 outside.
    public private(set) var labels: [Int32] = []
    /// The size of the last mask.
    public private(set) var size = PixelSize(width: 0, height: 0)

    private var found: [PixelRun] = []
    private var parent: [Int32] = []
    private var labelOfRun: [Int32] = []
    private var sums: [Sums] = []
    private var sorted: [PixelRun] = []

    fileprivate struct Sums {
        var area = 0
        var x = 0
        var y = 0
        var left = Int.max
        var right = 0
        var top = Int.max
        var bottom = 0
        var runs = 0
    }

    public init() {}

    /// The runs of a component of the last mask, row by row.
    public func runs(of component: Component) -> ArraySlice<PixelRun> { sorted[component.runRange] }

    @discardableResult
    public mutating func label(_ mask: BinaryMask) -> [Component] {
        clearLabels(for: mask.size)
        findRuns(in: mask)
        numberSets()
        measure()
        return components
    }

    /// Draws one component of the last mask into `mask`, which is given the size of the component's bounding box.
    public func draw(_ component: Component, into mask: inout BinaryMask) {
        let bounds = component.bounds
        mask.reset(width: bounds.width, height: bounds.height)
        mask.pixels.withUnsafeMutableBufferPointer { pixels in
            for run in runs(of: component) {
                let start = (run.row - bounds.y) * bounds.width - bounds.x
                for x in run.columns { pixels[start + x] = 1 }
            }
        }
    }

    /// Zeroes the labels of the last mask, only where there were any.
    private mutating func clearLabels(for newSize: PixelSize) {
        if newSize == size {
            labels.withUnsafeMutableBufferPointer { labels in
                for run in found {
                    let start = run.row * newSize.width
                    for x in run.columns { labels[start + x] = 0 }
                }
            }
        } else {
            labels.removeAll(keepingCapacity: true)
            labels.append(contentsOf: repeatElement(0, count: newSize.area))
            size = newSize
        }
    }

    private mutating func findRuns(in mask: BinaryMask) {
        found.removeAll(keepingCapacity: true)
        parent.removeAll(keepingCapacity: true)
        let (width, height) = (mask.width, mask.height)
        mask.pixels.withUnsafeBufferPointer { pixels in
            precondition(pixels.count == width * height)
            var above = 0..<0
            for row in 0..<height {
                let first = found.count
                var candidate = above.lowerBound
                let start = row * width
                var x = 0
                while x < width {
                    if pixels[start + x] == 0 {
                        x += 1
                        continue
                    }
                    let left = x
                    while x < width, pixels[start + x] != 0 { x += 1 }
                    let index = Int32(found.count)
                    found.append(PixelRun(row: row, columns: left..<x))
                    parent.append(index)
                    // Runs touch when their columns overlap after one is widened by a pixel on both sides.
                    while candidate < above.upperBound, found[candidate].columns.upperBound < left { candidate += 1 }
                    var other = candidate
                    while other < above.upperBound, found[other].columns.lowerBound <= x {
                        join(Int32(other), index)
                        other += 1
                    }
                }
                above = first..<found.count
            }
        }
    }

    private mutating func root(_ run: Int32) -> Int32 {
        var run = run
        while parent[Int(run)] != run {
            parent[Int(run)] = parent[Int(parent[Int(run)])]
            run = parent[Int(run)]
        }
        return run
    }

    private mutating func join(_ a: Int32, _ b: Int32) {
        let (rootA, rootB) = (root(a), root(b))
        if rootA < rootB { parent[Int(rootB)] = rootA } else { parent[Int(rootA)] = rootB }
    }

    /// Gives each set of runs its label and adds its runs up. The root is its set's first run, so labels rise in
    /// reading order.
    private mutating func numberSets() {
        sums.removeAll(keepingCapacity: true)
        labelOfRun.removeAll(keepingCapacity: true)
        let width = size.width
        for index in found.indices {
            let top = root(Int32(index))
            let label: Int32
            if Int(top) == index {
                sums.append(Sums())
                label = Int32(sums.count)
            } else {
                label = labelOfRun[Int(top)]
            }
            labelOfRun.append(label)

            let run = found[index], count = run.columns.count
            sums[Int(label) - 1].add(run)
            labels.withUnsafeMutableBufferPointer { labels in
                let start = run.row * width + run.columns.lowerBound
                for i in start..<(start + count) { labels[i] = label }
            }
        }
    }

    /// Makes the components of the sums and sorts the runs by component.
    private mutating func measure() {
        components.removeAll(keepingCapacity: true)
        var next = 0
        for (index, sum) in sums.enumerated() {
            components.append(
                Component(
                    label: index + 1, area: sum.area,
                    bounds: PixelRect(
                        x: sum.left, y: sum.top, width: sum.right - sum.left, height: sum.bottom - sum.top),
                    centroid: Component.Centroid(
                        x: Double(sum.x) / Double(sum.area), y: Double(sum.y) / Double(sum.area)),
                    runRange: next..<(next + sum.runs)))
            next += sum.runs
            // From here on the count of runs is the place of the component's next run.
            sums[index].runs = next - sum.runs
        }
        sorted.removeAll(keepingCapacity: true)
        sorted.append(contentsOf: found)
        for (run, label) in zip(found, labelOfRun) {
            sorted[sums[Int(label) - 1].runs] = run
            sums[Int(label) - 1].runs += 1
        }
    }
}

extension ComponentLabeller.Sums {
    fileprivate mutating func add(_ run: PixelRun) {
        let count = run.columns.count
        area += count
        x += (run.columns.lowerBound + run.columns.upperBound - 1) * count / 2
        y += run.row * count
        left = min(left, run.columns.lowerBound)
        right = max(right, run.columns.upperBound)
        top = min(top, run.row)
        bottom = max(bottom, run.row + 1)
        runs += 1
    }
}
