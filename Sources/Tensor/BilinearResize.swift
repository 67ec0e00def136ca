/// Bilinear resize as PyTorch's `interpolate(mode="bilinear", align_corners=False)` does it, without antialiasing.
///
/// Source position of output i: (i + ½)·in/out − ½, held at 0 from below; the neighbour beyond the last pixel is the last.
/// The sums are taken in PyTorch's order, first along a row, then down a column, so that a result that is truncated to a
/// byte afterwards is the same byte.
public struct ResizeTaps: Sendable {
    public let lower: [Int32]
    public let upper: [Int32]
    public let weight: [Float]
    public let source: Int

    public init(source: Int, target: Int) {
        precondition(source > 0 && target > 0)
        let scale = Float(source) / Float(target)
        var lower: [Int32] = [], upper: [Int32] = [], weight: [Float] = []
        for index in 0..<target {
            let position = max(0, (Float(index) + 0.5) * scale - 0.5)
            let first = min(Int(position), source - 1)
            lower.append(Int32(first))
            upper.append(Int32(min(first + 1, source - 1)))
            weight.append(position - Float(first))
        }
        self.lower = lower
        self.upper = upper
        self.weight = weight
        self.source = source
    }

    public var target: Int { weight.count }
}

/// Resizes rows one after the other: keeps the two source rows last used, already stretched to the target's width.
public struct RowResizer {
    private let horizontal: ResizeTaps
    private let vertical: ResizeTaps
    private let channels: Int
    private let cache: UnsafeMutablePointer<Float>
    private var cached: (Int, Int) = (-1, -1)

    /// Floats of scratch that the two rows and one finished row take.
    public static func scratch(width: Int, channels: Int) -> Int { 2 * width * channels }

    public init(horizontal: ResizeTaps, vertical: ResizeTaps, channels: Int, scratch: UnsafeMutablePointer<Float>) {
        self.horizontal = horizontal
        self.vertical = vertical
        self.channels = channels
        cache = scratch
    }

    /// Writes output row `y` (`width · channels` floats). `load(sourceRow, sample)` gives one source value.
    @inline(__always)
    public mutating func row(
        _ y: Int, into target: UnsafeMutablePointer<Float>, load: (_ row: Int, _ sample: Int) -> Float
    ) {
        let upper = Int(vertical.lower[y]), lower = Int(vertical.upper[y])
        let top = stretched(upper, keeping: lower, load: load)
        let bottom = stretched(lower, keeping: upper, load: load)
        let w1 = vertical.weight[y], w0 = 1 - w1
        let count = horizontal.target * channels
        let high = Float8(repeating: w0), low = Float8(repeating: w1)
        var index = 0
        while index + 8 <= count {
            target.store8(top.load8(index) * high + bottom.load8(index) * low, index)
            index += 8
        }
        while index < count {
            target[index] = top[index] * w0 + bottom[index] * w1
            index += 1
        }
    }

    @inline(__always)
    private mutating func stretched(
        _ row: Int, keeping other: Int, load: (Int, Int) -> Float
    ) -> UnsafeMutablePointer<Float> {
        let count = horizontal.target * channels
        if cached.0 == row { return cache }
        if cached.1 == row { return cache + count }
        let useFirst = cached.0 != other
        let line = useFirst ? cache : cache + count
        if useFirst { cached.0 = row } else { cached.1 = row }
        for x in 0..<horizontal.target {
            let left = Int(horizontal.lower[x]) * channels, right = Int(horizontal.upper[x]) * channels
            let w1 = horizontal.weight[x], w0 = 1 - w1
            for channel in 0..<channels {
                line[x * channels + channel] = load(row, left + channel) * w0 + load(row, right + channel) * w1
            }
        }
        return line
    }
}
