import CoreMetrics

/// A distribution in fixed buckets: of times, in seconds, or of any numbers.
///
/// Noting a value takes a lock and allocates nothing.
final class PrometheusHistogram: TimerHandler, RecorderHandler, Sendable {
    struct Snapshot: Sendable, Equatable {
        /// Values by bucket, not cumulative; the last one has those above all bounds.
        var counts: [UInt64]
        var sum = 0.0

        var count: UInt64 { counts.reduce(0, +) }
    }

    /// Upper bounds, ascending; a value that equals one belongs below it.
    let bounds: [Double]
    private let state: Monitor<Snapshot>

    init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds of a histogram ascend")
        self.bounds = bounds
        state = Monitor(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.update { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    /// A consistent picture.
    var snapshot: Snapshot { state.read { $0 } }
}
