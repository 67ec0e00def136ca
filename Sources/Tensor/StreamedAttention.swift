/// softmax(q·kᵀ/√d + bias)·v of one head over many keys, which never holds more than a block of scores.
///
/// Keys and values are packed once into the panels that ``Linear``'s register tiles read. Queries come a block at a time;
/// for each, blocks of keys stream by: a row keeps its highest score so far and the sum of its exponentials, and what it
/// has gathered of the values is scaled down when a higher score turns up (Milakov and Gimelshein, "Online normalizer
/// calculation for softmax", 2018).
public struct StreamedAttention: Sendable {
    public let headSize: Int
    public let keys: Int
    /// Keys of one block: a multiple of 16, and of a line of ``lineKeys`` keys.
    public let blockKeys: Int
    private let paddedSize: Int

    /// Queries in a block that fills the register tiles and leaves room in the second-level cache.
    public static let blockQueries = 96
    private static let width = Linear.panelWidth

    /// - Parameter lineKeys: a block holds whole lines of this many keys (a row of the picture), for the bias's sake.
    public init(keys: Int, headSize: Int, lineKeys: Int = 1) {
        self.keys = keys
        self.headSize = headSize
        paddedSize = Self.padded(headSize)
        var unit = lineKeys
        while unit % Self.width > 0 { unit *= 2 }
        blockKeys = unit * max(1, 256 / unit)
    }

    private static func padded(_ count: Int) -> Int { (count + width - 1) / width * width }

    /// Room for `count` queries in whole register tiles.
    public static func paddedQueries(_ count: Int) -> Int { (count + Linear.tileRows - 1) / Linear.tileRows * Linear.tileRows }

    /// Floats of the packed keys and values of one head.
    public var packedSize: Int { Self.padded(keys) * headSize + keys * paddedSize }

    // A line of scores is a block wide and 16 more: what a vector of the bias may touch beyond its line, and so that lines
    // do not all fall into the same sets of the cache.
    private var scoreStride: Int { Self.padded(min(keys, blockKeys)) + Self.width }

    /// Floats of scratch for `rows` queries.
    public func scratch(queries rows: Int) -> Int { rows * (scoreStride + 2) }

    /// Floats from one query's result to the next.
    public var resultStride: Int { paddedSize }

    /// Packs keys `range` of k and v; the keys carry the factor 1/√d.
    ///
    /// - Parameters:
    ///   - key, value: where key `index`'s `headSize` floats are.
    ///   - memory: ``packedSize`` floats; several cores may pack ranges that begin at multiples of 16.
    @inline(__always)
    public func pack(
        _ range: Range<Int>, into memory: UnsafeMutablePointer<Float>,
        key: (Int) -> UnsafePointer<Float>, value: (Int) -> UnsafePointer<Float>
    ) {
        precondition(range.lowerBound % Self.width == 0)
        let width = Self.width, values = memory + Self.padded(keys) * headSize
        let scale = 1 / Float(headSize).squareRoot()
        for index in range {
            let source = key(index), column = memory + index / width * width * headSize + index % width
            for channel in 0..<headSize { column[channel * width] = source[channel] * scale }
            let row = value(index)
            for panel in 0..<paddedSize / width {
                let target = values + (panel * keys + index) * width, first = panel * width
                for lane in 0..<width { target[lane] = first + lane < headSize ? row[first + lane] : 0 }
            }
        }
        guard range.upperBound == keys else { return }
        for index in keys..<Self.padded(keys) {
            let column = memory + index / width * width * headSize + index % width
            for channel in 0..<headSize { column[channel * width] = 0 }
        }
    }

    /// - Parameters:
    ///   - queries: `rows × headSize`, packed; `rows` is a multiple of a register tile's (``paddedQueries(_:)``).
    ///   - packed: from ``pack(_:into:key:value:)``.
    ///   - addBias: adds to the scores of one query for a range of keys: `(query, keys, scores)`. It may add zero to as much as
    ///     one vector beyond them.
    ///   - result: `rows` lines of ``resultStride``, `headSize` of them used.
    @inline(__always)
    public func callAsFunction(
        _ queries: UnsafePointer<Float>, rows: Int, packed: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>,
        into result: UnsafeMutablePointer<Float>, addBias: (Int, Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) {
        precondition(rows % Linear.tileRows == 0)
        let stride = scoreStride, peaks = scratch, sums = scratch + rows, scores = scratch + 2 * rows
        let values = packed + Self.padded(keys) * headSize
        peaks.update(repeating: -.infinity, count: rows)
        sums.update(repeating: 0, count: rows)
        var first = 0
        while first < keys {
            let block = first..<min(keys, first + blockKeys)
            score(queries, rows: rows, keys: packed + first * headSize, count: block.count, into: scores)
            for row in 0..<rows {
                let line = scores + row * stride
                addBias(row, block, line)
                let factor = exponentiate(line, count: block.count, peak: &peaks[row], sum: &sums[row])
                if first > 0, factor < 1 { multiply(result + row * paddedSize, by: factor, count: paddedSize) }
            }
            gather(scores, rows: rows, values: values + first * Self.width, count: block.count, isFirst: first == 0, into: result)
            first = block.upperBound
        }
        for row in 0..<rows { multiply(result + row * paddedSize, by: 1 / sums[row], count: paddedSize) }
    }

    /// scores ← q · kᵀ
    private func score(
        _ queries: UnsafePointer<Float>, rows: Int, keys: UnsafePointer<Float>, count: Int, into scores: UnsafeMutablePointer<Float>
    ) {
        let width = Self.width, zero = (Float8(), Float8())
        for panel in 0..<Self.padded(count) / width {
            for row in Swift.stride(from: 0, to: rows, by: Linear.tileRows) {
                let place = Linear.Place(first: row, line: rows, gap: 0, outputs: scoreStride, column: panel * width)
                Linear.tile(
                    queries + row * headSize, headSize, headSize, keys + panel * width * headSize, scores, place,
                    begin: { _ in zero }, finish: { value, _ in value })
            }
        }
    }

    /// Turns a line of scores into exponentials above the highest so far; returns what earlier ones are to be scaled by.
    @inline(__always)
    private func exponentiate(_ line: UnsafeMutablePointer<Float>, count: Int, peak: inout Float, sum: inout Float) -> Float {
        let vectors = (count + 7) / 8
        for index in count..<8 * vectors { line[index] = -.infinity }
        var highest = line.load8(0)
        for vector in 1..<max(1, vectors) { highest = maximum(highest, line.load8(8 * vector)) }
        let next = max(peak, highest.horizontalMax())
        let factor = next > peak ? exponential(Float8(repeating: peak - next))[0] : 1
        peak = next
        var total = Float8()
        for vector in 0..<vectors {
            let value = exponential(line.load8(8 * vector) - next)
            line.store8(value, 8 * vector)
            total += value
        }
        sum = sum * factor + total.horizontalSum()
        return factor
    }

    /// result ← (result) + scores · v
    private func gather(
        _ scores: UnsafePointer<Float>, rows: Int, values: UnsafePointer<Float>, count: Int, isFirst: Bool,
        into result: UnsafeMutablePointer<Float>
    ) {
        let width = Self.width, stride = scoreStride, zero = (Float8(), Float8())
        for panel in 0..<paddedSize / width {
            let weights = values + panel * keys * width
            for row in Swift.stride(from: 0, to: rows, by: Linear.tileRows) {
                let place = Linear.Place(first: row, line: rows, gap: 0, outputs: paddedSize, column: panel * width)
                let line = scores + row * stride
                if isFirst {
                    Linear.tile(line, stride, count, weights, result, place, begin: { _ in zero }, finish: { value, _ in value })
                } else {
                    Linear.tile(
                        line, stride, count, weights, result, place, begin: { (result.load8($0), result.load8($0 + 8)) },
                        finish: { value, _ in value })
                }
            }
        }
    }
}
