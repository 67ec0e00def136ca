/// What a layer applies to its sums.
public enum Activation: Sendable {
    case none, relu, relu6, gelu
}

/// Applies `transform(value, column)` to `rows × columns` values in place, eight at a time.
@inline(__always)
func forEach8(
    _ x: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, _ transform: (Float8, Int, Int) -> Float8
) {
    let whole = columns & ~7, rest = columns - whole
    for row in 0..<rows {
        let line = x + row * stride
        var column = 0
        while column < whole {
            line.store8(transform(line.load8(column), row, column), column)
            column += 8
        }
        if rest > 0 {
            line.storeTail(transform(line.loadTail(whole, count: rest), row, whole), whole, count: rest)
        }
    }
}

/// x ← activation(x + bias), while a product's tile is still in the cache.
public func finish(
    _ x: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, bias: UnsafeMutablePointer<Float>?,
    activation: Activation
) {
    let rest = columns & 7, whole = columns - rest
    @inline(__always) func biased(_ value: Float8, _ column: Int) -> Float8 {
        guard let bias else { return value }
        return value + (column < whole ? bias.load8(column) : bias.loadTail(column, count: rest))
    }
    switch activation {
    case .none:
        if bias != nil { forEach8(x, rows: rows, columns: columns, stride: stride) { value, _, c in biased(value, c) } }
    case .relu:
        forEach8(x, rows: rows, columns: columns, stride: stride) { value, _, c in maximum(biased(value, c), Float8()) }
    case .relu6:
        forEach8(x, rows: rows, columns: columns, stride: stride) { value, _, c in
            minimum(maximum(biased(value, c), Float8()), Float8(repeating: 6))
        }
    case .gelu:
        forEach8(x, rows: rows, columns: columns, stride: stride) { value, _, c in gelu(biased(value, c)) }
    }
}

/// y ← a + b, value by value.
public func add(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    var index = 0
    while index + 8 <= count {
        y.store8(a.load8(index) + b.load8(index), index)
        index += 8
    }
    while index < count {
        y[index] = a[index] + b[index]
        index += 1
    }
}

/// y[r] ← x[r] + vector for each of `rows` rows.
public func addRow(
    _ x: UnsafePointer<Float>, _ vector: UnsafePointer<Float>, rows: Int, columns: Int,
    into y: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows { add(x + row * columns, vector, into: y + row * columns, count: columns) }
}

/// Σ aᵢ·bᵢ with four independent accumulators.
public func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
    var s0 = Float8(), s1 = Float8(), s2 = Float8(), s3 = Float8()
    var index = 0
    while index + 32 <= count {
        s0.addProduct(a.load8(index), b.load8(index))
        s1.addProduct(a.load8(index + 8), b.load8(index + 8))
        s2.addProduct(a.load8(index + 16), b.load8(index + 16))
        s3.addProduct(a.load8(index + 24), b.load8(index + 24))
        index += 32
    }
    while index + 8 <= count {
        s0.addProduct(a.load8(index), b.load8(index))
        index += 8
    }
    var sum = ((s0 + s1) + (s2 + s3)).horizontalSum()
    while index < count {
        sum += a[index] * b[index]
        index += 1
    }
    return sum
}

/// y ← y + x + scalar
public func addScalar(_ x: UnsafePointer<Float>, _ scalar: Float, to y: UnsafeMutablePointer<Float>, count: Int) {
    var index = 0
    while index + 8 <= count {
        y.store8(y.load8(index) + (x.load8(index) + scalar), index)
        index += 8
    }
    while index < count {
        y[index] += x[index] + scalar
        index += 1
    }
}

/// y ← y + x · factor
public func addScaled(_ x: UnsafePointer<Float>, _ factor: Float, to y: UnsafeMutablePointer<Float>, count: Int) {
    let factors = Float8(repeating: factor)
    var index = 0
    while index + 8 <= count {
        y.store8(y.load8(index).addingProduct(x.load8(index), factors), index)
        index += 8
    }
    while index < count {
        y[index] += x[index] * factor
        index += 1
    }
}

/// y ← x + a ⊙ b, value by value, rounded once.
public func addProduct(
    _ x: UnsafePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int,
    into y: UnsafeMutablePointer<Float>
) {
    var index = 0
    while index + 8 <= count {
        y.store8(x.load8(index).addingProduct(a.load8(index), b.load8(index)), index)
        index += 8
    }
    while index < count {
        y[index] = x[index].addingProduct(a[index], b[index])
        index += 1
    }
}

/// x ← eˣ, value by value.
public func exponentiate(_ x: UnsafeMutablePointer<Float>, count: Int) {
    forEach8(x, rows: 1, columns: count, stride: count) { value, _, _ in exponential(value) }
}

/// Σ xᵢ with four independent accumulators.
public func sum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var s0 = Float8(), s1 = Float8(), s2 = Float8(), s3 = Float8()
    var index = 0
    while index + 32 <= count {
        s0 += x.load8(index)
        s1 += x.load8(index + 8)
        s2 += x.load8(index + 16)
        s3 += x.load8(index + 24)
        index += 32
    }
    var total = ((s0 + s1) + (s2 + s3)).horizontalSum()
    while index < count {
        total += x[index]
        index += 1
    }
    return total
}

/// y ← xᵀ in blocks of eight, so that both sides stay within a few lines of the cache.
public func transpose(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int,
    into y: UnsafeMutablePointer<Float>, stride outStride: Int
) {
    for top in Swift.stride(from: 0, to: rows, by: 8) {
        let bottom = min(rows, top + 8)
        for column in 0..<columns {
            for row in top..<bottom { y[column * outStride + row] = x[row * stride + column] }
        }
    }
}
