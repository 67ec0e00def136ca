/// Random numbers that are the same on every machine and in every version of the standard library for the same seed.
///
/// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018), its state filled by
/// SplitMix64 as its authors advise. The helpers do not go through `Float.random(in:using:)`, whose way of spending
/// bits is the library's own affair.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameter stream: picks one of many independent sequences of the same seed, so that the n-th picture of a
    ///   line does not depend on how many were drawn before it.
    public init(seed: UInt64, stream: UInt64 = 0) {
        var mixer = SplitMix64(state: seed)
        var fill = SplitMix64(state: mixer.next() ^ stream)
        state = (fill.next(), fill.next(), fill.next(), fill.next())
        // SplitMix64 visits every 64-bit value once, so at most one of its four consecutive outputs is zero and
        // the all-zero state, the only bad one, cannot occur.
    }

    init(state: (UInt64, UInt64, UInt64, UInt64)) {
        self.state = state
    }

    public mutating func next() -> UInt64 {
        let scrambled = state.1 &* 5
        let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = (state.3 << 45) | (state.3 >> 19)
        return result
    }

    /// Uniform in 0 ..< 1, in steps of 2⁻²⁴.
    public mutating func unit() -> Float {
        Float(next() >> 40) * 0x1p-24
    }

    /// Uniform between the bounds.
    public mutating func uniform(_ range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * unit()
    }

    /// Uniform in −1 ..< 1.
    public mutating func signed() -> Float {
        2 * unit() - 1
    }

    /// A whole number in `0 ..< count`.
    /// - Precondition: `count` is positive.
    public mutating func below(_ count: Int) -> Int {
        // The high half of the product; the bias is count / 2⁶⁴.
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    public mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) * 0x1p-53 < probability
    }

    /// A unit vector, uniform over the circle. Found by rejection, which needs no trigonometry.
    public mutating func direction() -> SIMD2<Float> {
        while true {
            let candidate = SIMD2(signed(), signed())
            let square = (candidate * candidate).sum()
            if square <= 1, square > 0.01 { return candidate / square.squareRoot() }
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
