import Testing
@testable import Tensor

/// Reproducible values between −1 and 1.
struct Noise {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> Float {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
    }

    mutating func tensor(_ rows: Int, _ columns: Int) -> Tensor {
        Tensor(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in next() })
    }
}

extension Tensor {
    var values: [Float] { Array(buffer) }
    subscript(row: Int, column: Int) -> Float { buffer[row * columns + column] }
}

/// Fails when any value is further from the expected one than `tolerance`, or is not a number.
func expectClose(
    _ actual: [Float], _ expected: [Float], within tolerance: Float, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, sourceLocation: sourceLocation)
    var worst: Float = 0
    for (a, e) in zip(actual, expected) where !(abs(a - e) <= worst) { worst = abs(a - e) }
    #expect(worst <= tolerance, "\(what) max |Δ| \(worst)", sourceLocation: sourceLocation)
}
