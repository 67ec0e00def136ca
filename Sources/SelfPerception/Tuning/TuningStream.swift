import Imaging

/// What a random sequence of tuning is for. Each step has one of its own for each purpose, so that what a step draws depends
/// on the seed and its number alone, never on what was drawn before or on another thread.
enum TuningStream: UInt64 {
    case geometry, photometry, prompt, painting, points, transplanting, hiding
}

extension SeededGenerator {
    init(seed: UInt64, step: Int, for purpose: TuningStream) {
        self.init(seed: seed, stream: UInt64(bitPattern: Int64(step)) << 3 | purpose.rawValue)
    }

    /// Uniform between the bounds, with 53 bits.
    mutating func between(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11) * 0x1p-53
    }

    /// A whole number between the bounds.
    mutating func whole(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }
}
