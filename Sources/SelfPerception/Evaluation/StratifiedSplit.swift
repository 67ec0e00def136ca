import Imaging

/// Parts divided by a seed into those that something is chosen on and those that it is measured on, good and defective ones
/// alike.
public struct StratifiedSplit: Sendable {
    /// For each part whether it is held out.
    public let isHeldOut: [Bool]

    /// - Parameter share: of each kind that is held out, rounded to whole parts.
    public init(isDefective: [Bool], share: Double = 0.5, seed: UInt64) {
        var isHeldOut = [Bool](repeating: false, count: isDefective.count)
        for (stream, kind) in [true, false].enumerated() {
            var indices = isDefective.indices.filter { isDefective[$0] == kind }
            var generator = SeededGenerator(seed: seed, stream: UInt64(stream))
            // Fisher and Yates; `shuffle(using:)` may spend random numbers otherwise in another version.
            for last in stride(from: indices.count - 1, to: 0, by: -1) { indices.swapAt(last, generator.below(last + 1)) }
            for index in indices.prefix(Int((Double(indices.count) * share).rounded())) { isHeldOut[index] = true }
        }
        self.isHeldOut = isHeldOut
    }
}
