import CoreMetrics

/// A number that goes up and down: a meter, or a recorder that keeps the last value.
final class PrometheusGauge: MeterHandler, RecorderHandler, Sendable {
    private let current = AtomicDouble()

    func set(_ value: Int64) { current.set(Double(value)) }
    func set(_ value: Double) { current.set(value) }
    func increment(by amount: Double) { current.add(amount) }
    func decrement(by amount: Double) { current.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    var value: Double { current.value }
}
