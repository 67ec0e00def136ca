/// Magnitudes 0 … 1, counted in so little memory that their number does not matter, for quantiles.
///
/// A bin holds the values whose Float has the same upper 16 bits, so it is 1/128 of its value wide, and 0 has one of its own.
struct DriftHistogram: Sendable {
    private var bins = [UInt32](repeating: 0, count: Int(Float(1).bitPattern >> 16) + 1)
    private(set) var count = 0
    private(set) var largest = 0.0

    mutating func add(_ value: Double) {
        let value = value.isFinite ? min(max(value, 0), 1) : 1
        let bin = Int(Float(value).bitPattern >> 16)
        // A value that a Float rounds down to 0 is none.
        bins[value > 0 ? max(bin, 1) : 0] &+= 1
        count += 1
        largest = max(largest, value)
    }

    /// A value that the share `q` of the values does not exceed, at most 1/128 above the least such; nil without values.
    func quantile(_ q: Double) -> Double? {
        guard count > 0 else { return nil }
        let wanted = max(1, Int((q * Double(count)).rounded(.up)))
        var seen = 0
        for (bin, number) in bins.enumerated() {
            seen += Int(number)
            guard seen >= wanted else { continue }
            return bin == 0 ? 0 : min(largest, Double(Float(bitPattern: UInt32(bin + 1) << 16)))
        }
        return largest
    }
}
