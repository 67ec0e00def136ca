import CoreMetrics
import Synchronization

/// A number that only grows.
final class PrometheusCounter: CounterHandler, Sendable {
    private let count = Atomic<UInt64>(0)

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.add(UInt64(amount), ordering: .relaxed)
    }

    /// For tests of whoever counts; Prometheus takes it for a restart.
    func reset() { count.store(0, ordering: .relaxed) }

    var value: UInt64 { count.load(ordering: .relaxed) }
}

/// The same with fractions.
final class PrometheusFloatingPointCounter: FloatingPointCounterHandler, Sendable {
    private let sum = AtomicDouble()

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        sum.add(amount)
    }

    func reset() { sum.set(0) }

    var value: Double { sum.value }
}
