/// One axis of an antialiased bilinear resize, bit for bit as Pillow's `Image.resize(…, BILINEAR)` does it on 8-bit
/// channels (`Resample.c`): SAM's published preprocessing goes through it.
///
/// With scale s = in/out and f = max(s, 1), output pixel i is centred at c = (i + ½)·s and takes the input pixels from
/// ⌊c − f + ½⌋ up to, not including, ⌊c + f + ½⌋, inside the picture. Pixel x weighs 1 − |x + ½ − c| / f; the weights are
/// divided by their sum and rounded to fixed point with 22 fractional bits. A sum starts at one half, is shifted down
/// and held within a byte. Rows are resized first, to bytes, then columns, as in every Pillow from 9.5 to 12 (13 begins with the
/// columns of some tall pictures, which moves a byte by 1 here and there).
public struct AntialiasedTaps: Sendable {
    /// Pixels of the two sides.
    public let source: Int
    public let target: Int
    /// For each output pixel its first input pixel and how many follow.
    let starts: [Int32]
    let counts: [Int32]
    /// `stride` weights an output pixel, the first `counts` of them in use.
    let weights: [Int32]
    let stride: Int

    static let fractionBits: Int32 = 22

    public init(source: Int, target: Int) {
        precondition(source > 0 && target > 0)
        let scale = Double(source) / Double(target), filterScale = max(scale, 1)
        stride = Int(filterScale.rounded(.up)) * 2 + 1
        var starts: [Int32] = [], counts: [Int32] = []
        var weights = [Int32](repeating: 0, count: stride * target)
        var exact: [Double] = []
        for pixel in 0..<target {
            let centre = (Double(pixel) + 0.5) * scale, inverse = 1 / filterScale
            let start = max(0, Int(centre - filterScale + 0.5)), end = min(source, Int(centre + filterScale + 0.5))
            exact.removeAll(keepingCapacity: true)
            for x in start..<end { exact.append(max(0, 1 - abs((Double(x) - centre + 0.5) * inverse))) }
            let sum = exact.reduce(0, +)
            for (index, weight) in exact.enumerated() {
                weights[pixel * stride + index] = Int32(0.5 + (sum == 0 ? weight : weight / sum) * Double(1 << Self.fractionBits))
            }
            starts.append(Int32(start))
            counts.append(Int32(exact.count))
        }
        self.source = source
        self.target = target
        self.starts = starts
        self.counts = counts
        self.weights = weights
    }

    /// The input pixels that a range of output pixels is made of.
    public func sources(of range: Range<Int>) -> Range<Int> {
        guard let first = range.first, let last = range.last else { return 0..<0 }
        return Int(starts[first])..<Int(starts[last] + counts[last])
    }

    /// Resizes one row of RGB pixels: `source · 3` bytes become `target · 3`.
    public func resizeRow(_ row: UnsafePointer<UInt8>, into result: UnsafeMutablePointer<UInt8>) {
        weights.withUnsafeBufferPointer { weights in
            for pixel in 0..<target {
                var sum = SIMD4<Int32>(repeating: Self.half)
                var input = row + 3 * Int(starts[pixel])
                let first = pixel * stride
                for index in first..<(first + Int(counts[pixel])) {
                    sum &+= SIMD4(Int32(input[0]), Int32(input[1]), Int32(input[2]), 0) &* weights[index]
                    input += 3
                }
                let output = result + 3 * pixel
                output[0] = Self.byte(sum[0])
                output[1] = Self.byte(sum[1])
                output[2] = Self.byte(sum[2])
            }
        }
    }

    /// Makes row `index` of the result from whole rows of `count` bytes each.
    ///
    /// - Parameter rows: the first of the rows `sources(of: index ..< index + 1)`, packed.
    public func resizeColumns(
        _ index: Int, of rows: UnsafePointer<UInt8>, count: Int, into result: UnsafeMutablePointer<UInt8>
    ) {
        weights.withUnsafeBufferPointer { weights in
            let first = index * stride, taps = Int(counts[index])
            var x = 0
            while x + 8 <= count {
                var sum = SIMD8<Int32>(repeating: Self.half), input = rows + x
                for tap in 0..<taps {
                    let bytes = UnsafeRawPointer(input).loadUnaligned(as: SIMD8<UInt8>.self)
                    sum &+= SIMD8<Int32>(truncatingIfNeeded: bytes) &* weights[first + tap]
                    input += count
                }
                let shifted = (sum &>> Self.fractionBits).clamped(lowerBound: SIMD8(repeating: 0), upperBound: SIMD8(repeating: 255))
                UnsafeMutableRawPointer(result + x).storeBytes(of: SIMD8<UInt8>(truncatingIfNeeded: shifted), as: SIMD8<UInt8>.self)
                x += 8
            }
            while x < count {
                var sum = Self.half
                for tap in 0..<taps { sum &+= Int32(rows[tap * count + x]) &* weights[first + tap] }
                result[x] = Self.byte(sum)
                x += 1
            }
        }
    }

    private static let half: Int32 = 1 << (fractionBits - 1)

    @inline(__always)
    private static func byte(_ sum: Int32) -> UInt8 { UInt8(min(max(sum >> fractionBits, 0), 255)) }
}
