/// softmax(q·kᵀ/√d)·v: plain multi-head attention of few queries over few keys (a decoder's tokens among themselves). Many keys
/// are ``StreamedAttention``'s.
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
            product(
                m: q.rows, n: k.rows, k: headSize, q.pointer + offset, q.columns, k.pointer + offset, k.columns, transposeB: true,
                into: scores.pointer, k.rows, alpha: 1 / Float(headSize).squareRoot())
            for row in 0..<q.rows { softmaxRow(scores.pointer + row * k.rows, count: k.rows) }
            product(
                m: q.rows, n: headSize, k: k.rows, scores.pointer, k.rows, v.pointer + offset, v.columns,
                into: y.pointer + offset, y.columns)
        }
    }
}
