/// The way back through multi-head attention y = softmax(q·kᵀ/√d)·v, scores recomputed: for few queries over many keys or many
/// over few, whose scores fit into memory.
///
/// dv = Pᵀ·dy, dP = dy·vᵀ, dS = P ⊙ (dP − Σ P ⊙ dP), dq = dS·k/√d, dk = dSᵀ·q/√d for each head.
///
/// - Parameters:
///   - q, dy, dq: `queries × (heads · d)`. `k`, `v`, `dk`, `dv`: `keys × (heads · d)`.
///   - dq, dk, dv: written.
public func attentionBackward(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, dy: Tensor, heads: Int, into dq: Tensor, _ dk: Tensor, _ dv: Tensor,
    in workspace: Workspace
) {
    precondition(q.columns == k.columns && k.columns == v.columns && k.rows == v.rows && q.columns % heads == 0)
    let headSize = q.columns / heads, queries = q.rows, keys = k.rows, stride = q.columns
    let scale = 1 / Float(headSize).squareRoot()
    workspace.parallel(heads, scratch: 2 * queries * keys) { head, scratch in
        let offset = head * headSize, weights = scratch, slopes = scratch + queries * keys
        product(
            m: queries, n: keys, k: headSize, q.pointer + offset, stride, k.pointer + offset, stride, transposeB: true,
            into: weights, keys, alpha: scale)
        for row in 0..<queries { softmaxRow(weights + row * keys, count: keys) }
        product(
            m: keys, n: headSize, k: queries, weights, keys, transposeA: true, dy.pointer + offset, stride,
            into: dv.pointer + offset, stride)
        product(
            m: queries, n: keys, k: headSize, dy.pointer + offset, stride, v.pointer + offset, stride, transposeB: true,
            into: slopes, keys)
        for row in 0..<queries { softmaxBackwardRow(weights + row * keys, slopes + row * keys, count: keys) }
        product(
            m: queries, n: headSize, k: keys, slopes, keys, k.pointer + offset, stride, into: dq.pointer + offset, stride,
            alpha: scale)
        product(
            m: keys, n: headSize, k: queries, slopes, keys, transposeA: true, q.pointer + offset, stride,
            into: dk.pointer + offset, stride, alpha: scale)
    }
}

/// dS = P ⊙ (dP − Σ P ⊙ dP) of one row of weights P, in place of dP.
@inline(__always)
public func softmaxBackwardRow(_ weights: UnsafePointer<Float>, _ slopes: UnsafeMutablePointer<Float>, count: Int) {
    let mean = dot(weights, slopes, count: count)
    forEach8(slopes, rows: 1, columns: count, stride: count) { value, _, index in
        (index + 8 <= count ? weights.load8(index) : weights.loadTail(index, count: count - index)) * (value - mean)
    }
}
