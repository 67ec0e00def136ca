import Foundation
import Testing
@testable import Tensor

struct AttentionTests {
    @Test func attention_FollowsItsDefinition() {
        var noise = Noise(17)
        let heads = 4, q = noise.tensor(7, 16), k = noise.tensor(9, 16), v = noise.tensor(9, 16)
        let y = Tensor(rows: 7, columns: 16)
        attention(q, k, v, heads: heads, into: y, in: Workspace(threads: 1))
        for row in 0..<7 {
            for head in 0..<heads {
                let scores = (0..<9).map { key in
                    exp((0..<4).reduce(0.0) { $0 + Double(q[row, head * 4 + $1]) * Double(k[key, head * 4 + $1]) } / 2)
                }
                for channel in head * 4..<head * 4 + 4 {
                    let expected = (0..<9).reduce(0.0) { $0 + scores[$1] * Double(v[$1, channel]) } / scores.reduce(0, +)
                    #expect(abs(Double(y[row, channel]) - expected) < 1e-6)
                }
            }
        }
    }
}
