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

    @Test func attentionBlock_DoesNotDependOnTheBlocks() {
        var noise = Noise(19)
        let tokens = 50, stride = 24, qkv = noise.tensor(tokens, stride)
        func run(_ block: Int) -> [Float] {
            let y = Tensor(rows: tokens, columns: 8), scores = Tensor(rows: block, columns: tokens)
            for start in Swift.stride(from: 0, to: tokens, by: block) {
                attentionBlock(
                    queries: qkv.pointer, block: start..<min(tokens, start + block), keys: qkv.pointer + 8,
                    values: qkv.pointer + 16, count: tokens, stride: stride, headSize: 8, scores: scores.pointer,
                    into: y.pointer, outStride: 8, bias: { _ in })
            }
            return y.values
        }
        expectClose(run(50), run(7), within: 1e-6)
    }
}
