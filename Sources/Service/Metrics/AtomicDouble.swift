import Synchronization

/// A number that several threads change.
final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(Double.zero.bitPattern)

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var expected = bits.load(ordering: .relaxed)
        while true {
            let result = bits.weakCompareExchange(
                expected: expected, desired: (Double(bitPattern: expected) + amount).bitPattern, ordering: .relaxed)
            if result.exchanged { return }
            expected = result.original
        }
    }

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}
