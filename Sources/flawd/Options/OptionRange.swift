import ArgumentParser

extension ParsableArguments {
    /// - Throws: `ValidationError` naming the option, for a value that was given and is out of its range.
    func check(_ value: Int?, _ name: String, _ range: ClosedRange<Int>) throws {
        if let value, !range.contains(value) {
            throw ValidationError("\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value).")
        }
    }
}
