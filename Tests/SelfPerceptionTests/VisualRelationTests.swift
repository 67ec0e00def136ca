import Foundation
import Testing
@testable import SelfPerception
@testable import Tensor

/// R against its definition: softmax of the cosines without the diagonal, thresholded as published.
struct VisualRelationTests {
    static func embedding(_ tokens: Int, _ channels: Int) -> Tensor {
        Tensor(rows: tokens, columns: channels, values: (0..<tokens * channels).map { Float(sin(Double($0 * $0 % 977))) })
    }

    func reference(_ x: Tensor, alpha: Double) -> [[Double]] {
        let n = x.rows, rows = (0..<n).map { r in (0..<x.columns).map { Double(x.pointer[r * x.columns + $0]) } }
        let norms = rows.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        var r = (0..<n).map { i -> [Double] in
            let e = (0..<n).map { j in i == j ? 0 : exp(zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 } / norms[i] / norms[j]) }
            let total = e.reduce(0, +)
            return e.map { $0 / total }
        }
        guard alpha > 0 else { return r }
        for i in 0..<n { for j in 0..<n where r[i][j] <= alpha / Double(n) { r[i][j] = 0 } }
        for j in 0..<n {
            let total = (0..<n).reduce(0) { $0 + r[$1][j] }
            if total > 0 { for i in 0..<n { r[i][j] /= total } }
        }
        return r
    }

    @Test(arguments: [(0, 40), (0, 300), (1, 150), (1.2, 40), (50, 40)] as [(Float, Int)])
    func relation_FollowsItsDefinition(_ alpha: Float, _ tokens: Int) {
        let x = Self.embedding(tokens, 24), relation = VisualRelation(tokens: tokens, channels: 16)
        relation.update(embedding: x, alpha: alpha, in: Workspace(threads: 2))
        let expected = reference(x, alpha: Double(alpha)).flatMap { $0.map { Float($0) } }
        // Entries near α/N may fall on either side of it; there are none here, as the tolerance shows.
        expectClose(relation.dense(), expected, within: 1e-6, "R")
    }

    @Test func adapter_AddsTheScaledRelation() {
        let tokens = 200, channels = 16, x = Self.embedding(tokens, 24), keys = Self.embedding(tokens, channels)
        let scale = Self.embedding(1, channels), adapted = Tensor(rows: tokens, columns: channels)
        let relation = VisualRelation(tokens: tokens, channels: 16)
        relation.update(embedding: x, alpha: 0, in: Workspace(threads: 2))
        relation.adapt(keys, scale: scale, into: adapted, in: Workspace(threads: 2))
        let r = reference(x, alpha: 0)
        let expected = (0..<tokens * channels).map { index -> Float in
            let (row, channel) = (index / channels, index % channels)
            let mixed = (0..<tokens).reduce(0.0) { $0 + r[row][$1] * Double(keys.pointer[$1 * channels + channel]) }
            return Float(Double(keys.pointer[index]) + mixed * Double(scale.pointer[channel]))
        }
        expectClose(adapted.values, expected, within: 1e-5, "adapted keys")
    }

    @Test func zeroScale_LeavesTheKeys() {
        let keys = Self.embedding(130, 8), scale = Tensor(rows: 1, columns: 8), adapted = Tensor(rows: 130, columns: 8)
        scale.fill(0)
        let relation = VisualRelation(tokens: 130, channels: 8)
        relation.update(embedding: keys, alpha: 0, in: Workspace(threads: 1))
        relation.adapt(keys, scale: scale, into: adapted, in: Workspace(threads: 1))
        #expect(adapted.values == keys.values)
    }
}
