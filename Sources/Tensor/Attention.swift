/// Scaled dot-product attention with queries, keys and values inside one `tokens × stride` matrix (a qkv product).
///
/// softmax(q·kᵀ/√d + bias)·v, one head. Queries are taken a block at a time, so at most `blockRows × keys` scores exist.
/// - Parameters:
///   - scores: scratch of at least `block.count · keys` floats.
///   - bias: adds to a block's scores before the softmax (relative positions); gets the scaled scores.
@inline(__always)
public func attentionBlock(
    queries q: UnsafePointer<Float>, block: Range<Int>, keys k: UnsafePointer<Float>, values v: UnsafePointer<Float>,
    count: Int, stride: Int, headSize: Int, scores: UnsafeMutablePointer<Float>,
    into y: UnsafeMutablePointer<Float>, outStride: Int,
    bias: (_ scores: UnsafeMutablePointer<Float>) -> Void
) {
    let rows = block.count
    product(
        m: rows, n: count, k: headSize, q + block.lowerBound * stride, stride, k, stride, transposeB: true,
        into: scores, count, alpha: 1 / Float(headSize).squareRoot())
    bias(scores)
    for row in 0..<rows { softmaxRow(scores + row * count, count: count) }
    product(
        m: rows, n: headSize, k: count, scores, count, v, stride, into: y + block.lowerBound * outStride, outStride)
}

/// Plain multi-head attention of few queries over few keys (a decoder's tokens among themselves).
///
/// q, k and v are `tokens × (heads · d)`; the result has q's shape.
public func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, into y: Tensor, in workspace: Workspace
) {
    precondition(q.columns == k.columns && k.columns == v.columns && k.rows == v.rows && q.columns % heads == 0)
    let headSize = q.columns / heads
    workspace.scope {
        let scores = workspace.tensor(q.rows, k.rows)
        for head in 0..<heads {
            let offset = head * headSize
            attentionBlock(
                queries: q.pointer + offset, block: 0..<q.rows, keys: k.pointer + offset, values: v.pointer + offset,
                count: k.rows, stride: k.columns, headSize: headSize, scores: scores.pointer,
                into: y.pointer + offset, outStride: y.columns, bias: { _ in })
        }
    }
}
