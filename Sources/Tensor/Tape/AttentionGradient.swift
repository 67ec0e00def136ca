/// The way back through one head of attention, y = softmax(q·kᵀ/√d + bias)·v, over a square of tokens, a block of queries at a
/// time: never more than two blocks of scores are held.
///
/// With P = softmax(S): dv = Pᵀ·dy, dP = dy·vᵀ, dS = P ⊙ (dP − Σ P ⊙ dP), dq = dS·k/√d, dk = dSᵀ·q/√d.
public struct AttentionGradient: Sendable {
    public let keys: Int
    public let headSize: Int
    /// Queries of one block.
    public let block: Int

    /// Scores of one block: what fits a share of the last-level cache.
    private static let blockScores = 3 << 17
    private static let fewestQueries = 32
    /// What an added bias may touch beyond the last score.
    private static let margin = 8

    public init(queries: Int, keys: Int, headSize: Int) {
        self.keys = keys
        self.headSize = headSize
        block = min(queries, max(Self.fewestQueries, Self.blockScores / keys))
    }

    /// Floats of scratch.
    public var scratch: Int { 2 * (block * keys + Self.margin) }

    /// - Parameters:
    ///   - q, dy, dq: `count × headSize`, packed; dq is written.
    ///   - k, v, dk, dv: `keys × headSize`, packed; dk and dv are written.
    ///   - result: y, written where it is asked for.
    ///   - addBias: adds to the scores of a block of queries (`block × keys`); it may add zero to seven floats more.
    ///   - take: gets dS of a block, and may add to its dq.
    public func callAsFunction(
        _ q: UnsafePointer<Float>, count: Int, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>, dy: UnsafePointer<Float>,
        into dq: UnsafeMutablePointer<Float>, _ dk: UnsafeMutablePointer<Float>, _ dv: UnsafeMutablePointer<Float>,
        result: UnsafeMutablePointer<Float>? = nil, scratch: UnsafeMutablePointer<Float>,
        addBias: (Range<Int>, UnsafeMutablePointer<Float>) -> Void,
        take: (Range<Int>, UnsafePointer<Float>) -> Void
    ) {
        let size = headSize, scale = 1 / Float(size).squareRoot()
        let weights = scratch, slopes = scratch + block * keys + Self.margin
        (weights + block * keys).update(repeating: 0, count: Self.margin)
        for first in Swift.stride(from: 0, to: count, by: block) {
            let part = first..<min(count, first + block), rows = part.count
            let q = q + first * size, dy = dy + first * size, dq = dq + first * size, sums: Float = first == 0 ? 0 : 1
            product(m: rows, n: keys, k: size, q, size, k, size, transposeB: true, into: weights, keys, alpha: scale)
            addBias(part, weights)
            for row in 0..<rows { softmaxRow(weights + row * keys, count: keys) }
            if let result { product(m: rows, n: size, k: keys, weights, keys, v, size, into: result + first * size, size) }
            product(m: keys, n: size, k: rows, weights, keys, transposeA: true, dy, size, into: dv, size, beta: sums)
            product(m: rows, n: keys, k: size, dy, size, v, size, transposeB: true, into: slopes, keys)
            for row in 0..<rows { softmaxBackwardRow(weights + row * keys, slopes + row * keys, count: keys) }
            product(m: rows, n: size, k: keys, slopes, keys, k, size, into: dq, size, alpha: scale)
            product(m: keys, n: size, k: rows, slopes, keys, transposeA: true, q, size, into: dk, size, alpha: scale, beta: sums)
            take(part, slopes)
        }
    }
}
