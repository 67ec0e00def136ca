import CoreMetrics

/// A counter of swift-metrics that is brought up to a count which is kept elsewhere.
struct FollowingCounter {
    private let counter: Counter
    private var told: UInt64 = 0

    init(_ counter: Counter) { self.counter = counter }

    /// - Parameter total: of now; one below what was told before changes nothing.
    mutating func follow(_ total: UInt64) {
        guard total > told else { return }
        counter.increment(by: Int64(clamping: total - told))
        told = total
    }
}

/// The same for a sum with fractions.
struct FollowingSum {
    private let counter: FloatingPointCounter
    private var told = 0.0

    init(_ counter: FloatingPointCounter) { self.counter = counter }

    mutating func follow(_ total: Double) {
        guard total > told else { return }
        counter.increment(by: total - told)
        told = total
    }
}
