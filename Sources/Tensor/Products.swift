import COpenBLAS

/// C ← alpha · op(A) · op(B) + beta · C over raw row-major memory: the one place that calls OpenBLAS.
///
/// op(A) is `m × k`, op(B) is `k × n`; leading dimensions are the row strides of the stored matrices. Single-threaded:
/// callers split the work with ``Workspace/parallel(_:scratch:_:)``.
@inline(__always)
public func product(
    m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Float>, _ lda: Int, transposeA: Bool = false,
    _ b: UnsafePointer<Float>, _ ldb: Int, transposeB: Bool = false,
    into c: UnsafeMutablePointer<Float>, _ ldc: Int, alpha: Float = 1, beta: Float = 0
) {
    if m == 0 || n == 0 { return }
    cblas_sgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
        blasint(m), blasint(n), blasint(k), alpha, a, blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
}

/// Rows of one tile of a product: enough that starting a tile does not show, few enough that a thousand tokens keep
/// several cores busy, and a multiple of the 6 rows of a register tile.
public let productTileRows = 132

/// Tiles of about that size for `rows` rows, all alike as far as register tiles allow: a short last one would leave a core
/// waiting where there are few.
public func evenProductTileRows(_ rows: Int) -> Int {
    let tiles = max(1, (rows + productTileRows - 1) / productTileRows)
    return ((rows + tiles - 1) / tiles + Linear.tileRows - 1) / Linear.tileRows * Linear.tileRows
}
