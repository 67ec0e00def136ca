/// exp(x·scale − max) over one row in place. Returns the row's maximum (already scaled) and the sum of what it left.
@inline(__always)
public func exponentiateRow(_ x: UnsafeMutablePointer<Float>, count: Int, scale: Float = 1) -> (maximum: Float, sum: Float) {
    let whole = count & ~7
    var peak = -Float.infinity
    var index = 0
    if whole > 0 {
        var peaks = x.load8(0)
        index = 8
        while index < whole {
            peaks = maximum(peaks, x.load8(index))
            index += 8
        }
        peak = peaks.horizontalMax()
    }
    while index < count {
        peak = max(peak, x[index])
        index += 1
    }
    peak *= scale
    var sums = Float8()
    index = 0
    while index < whole {
        let value = exponential((x.load8(index) * scale) - peak)
        x.store8(value, index)
        sums += value
        index += 8
    }
    var sum = sums.horizontalSum()
    if index < count {
        let rest = count - index
        let value = exponential((x.loadTail(index, count: rest) * scale) - peak)
        x.storeTail(value, index, count: rest)
        for lane in 0..<rest { sum += value[lane] }
    }
    return (peak, sum)
}

/// softmax(x·scale) of one row in place.
public func softmaxRow(_ x: UnsafeMutablePointer<Float>, count: Int, scale: Float = 1) {
    let (_, sum) = exponentiateRow(x, count: count, scale: scale)
    multiply(x, by: 1 / sum, count: count)
}

/// x ← x · factor
@inline(__always)
public func multiply(_ x: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
    forEach8(x, rows: 1, columns: count, stride: count) { value, _, _ in value * factor }
}

/// softmax down each column of a `rows × columns` block in place, after adding `offsets[row]` to each row.
public func softmaxColumns(
    _ x: UnsafeMutablePointer<Float>, rows: Int, columns: Int, offsets: UnsafePointer<Float>
) {
    @inline(__always) func column(_ load: (Int) -> Float8, _ store: (Float8, Int) -> Void) {
        var peak = load(0) + offsets[0]
        for row in 1..<max(1, rows) { peak = maximum(peak, load(row) + offsets[row]) }
        var sum = Float8()
        for row in 0..<rows {
            let value = exponential((load(row) + offsets[row]) - peak)
            sum += value
            store(value, row)
        }
        let factor = 1 / sum
        for row in 0..<rows { store(load(row) * factor, row) }
    }
    var index = 0
    while index + 8 <= columns {
        column({ x.load8($0 * columns + index) }, { x.store8($0, $1 * columns + index) })
        index += 8
    }
    let rest = columns - index
    if rest > 0 {
        column({ x.loadTail($0 * columns + index, count: rest) }, { x.storeTail($0, $1 * columns + index, count: rest) })
    }
}
