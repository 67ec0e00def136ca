import Foundation
import Testing
@testable import Tensor

/// The way back through one head, block by block, against the formulas in double precision.
struct AttentionGradientTests {
    @Test(arguments: [(5, 7, 4), (40, 16384, 3), (49, 49, 8)]) func gradients_FollowTheirDefinition(_ queries: Int, _ keys: Int, _ size: Int) {
        var noise = Noise(23)
        let q = noise.tensor(queries, size), k = noise.tensor(keys, size), v = noise.tensor(keys, size), dy = noise.tensor(queries, size)
        let bias = noise.tensor(queries, keys), attention = AttentionGradient(queries: queries, keys: keys, headSize: size)
        let scratch = Tensor(rows: 1, columns: attention.scratch), ds = Tensor(rows: queries, columns: keys)
        let dq = Tensor(rows: queries, columns: size), dk = Tensor(rows: keys, columns: size), dv = Tensor(rows: keys, columns: size)
        for tensor in [scratch, dq, dk, dv] { tensor.fill(.nan) }
        attention(q.pointer, count: queries, k.pointer, v.pointer, dy: dy.pointer, into: dq.pointer, dk.pointer, dv.pointer, scratch: scratch.pointer) {
            part, scores in
            add(scores, bias.pointer + part.lowerBound * keys, into: scores, count: part.count * keys)
        } take: { part, slopes in
            ds.rows(part).pointer.update(from: slopes, count: part.count * keys)
        }
        let scale = 1 / Double(size).squareRoot()
        var eq = [Double](repeating: 0, count: q.count), ek = [Double](repeating: 0, count: k.count), ev = ek
        var es: [Double] = []
        for query in 0..<queries {
            func dot(_ a: Tensor, _ b: Tensor, _ key: Int) -> Double { (0..<size).reduce(0) { $0 + Double(a[query, $1]) * Double(b[key, $1]) } }
            let scores = (0..<keys).map { exp(dot(q, k, $0) * scale + Double(bias[query, $0])) }, sum = scores.reduce(0, +)
            let weights = scores.map { $0 / sum }, slopes = (0..<keys).map { dot(dy, v, $0) }
            let mean = zip(weights, slopes).reduce(0) { $0 + $1.0 * $1.1 }
            for key in 0..<keys {
                let slope = weights[key] * (slopes[key] - mean)
                es.append(slope)
                for channel in 0..<size {
                    ev[key * size + channel] += weights[key] * Double(dy[query, channel])
                    eq[query * size + channel] += slope * scale * Double(k[key, channel])
                    ek[key * size + channel] += slope * scale * Double(q[query, channel])
                }
            }
        }
        // Values are below 1; weights and slopes are good to a few 1e-7 of themselves.
        expectClose(dq.values, eq.map(Float.init), within: 1e-5, "∂q")
        expectClose(dk.values, ek.map(Float.init), within: 1e-5, "∂k")
        expectClose(dv.values, ev.map(Float.init), within: 1e-5, "∂v")
        expectClose(ds.values, es.map(Float.init), within: 1e-5, "∂s")
    }
}
