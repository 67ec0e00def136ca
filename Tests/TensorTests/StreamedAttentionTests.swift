import Foundation
import Testing
@testable import Tensor

struct StreamedAttentionTests {
    /// Keys, head size, keys in a line: less than a vector, a window of SAM's, one block, several with an odd rest.
    private static let shapes = [(5, 8, 5), (196, 64, 196), (256, 16, 16), (37 * 37, 24, 37), (1000, 80, 1)]

    @Test(arguments: shapes)
    func streamedAttention_FollowsItsDefinition(keys: Int, headSize: Int, lineKeys: Int) {
        var noise = Noise(23)
        let attention = StreamedAttention(keys: keys, headSize: headSize, lineKeys: lineKeys)
        let queries = 13, rows = StreamedAttention.paddedQueries(queries)
        let q = noise.tensor(rows, headSize), k = noise.tensor(keys, headSize), v = noise.tensor(keys, headSize)
        let bias = noise.tensor(rows, keys)
        // Scores that grow from block to block make the running maximum move.
        for key in 0..<keys { for row in 0..<rows { bias.pointer[row * keys + key] += 4 * Float(key) / Float(keys) } }
        let packed = Tensor(rows: 1, columns: attention.packedSize)
        let scratch = Tensor(rows: 1, columns: attention.scratch(queries: rows)), y = Tensor(rows: rows, columns: attention.resultStride)
        attention.pack(0..<keys, into: packed.pointer) { UnsafePointer(k.pointer + $0 * headSize) } value: { UnsafePointer(v.pointer + $0 * headSize) }
        attention(q.pointer, rows: rows, packed: packed.pointer, scratch: scratch.pointer, into: y.pointer) { row, range, scores in
            for key in range { scores[key - range.lowerBound] += bias[row, key] }
        }
        for row in 0..<queries {
            let scores = (0..<keys).map { key -> Double in
                let product = (0..<headSize).reduce(0.0) { $0 + Double(q[row, $1]) * Double(k[key, $1]) }
                return exp(product / Double(headSize).squareRoot() + Double(bias[row, key]))
            }
            let sum = scores.reduce(0, +)
            for channel in 0..<headSize {
                let expected = (0..<keys).reduce(0.0) { $0 + scores[$1] * Double(v[$1, channel]) } / sum
                // Rounding of a thousand terms of size 1 in single precision.
                #expect(abs(Double(y[row, channel]) - expected) < 1e-5)
            }
        }
    }
}
