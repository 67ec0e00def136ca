import ArgumentParser
import Foundation

/// `2%`, or `2`, on the command line: a rate, 0 … 1 inside.
struct PercentArgument: ExpressibleByArgument {
    var rate: Double

    init(rate: Double) { self.rate = rate }

    init?(argument: String) {
        let number = argument.hasSuffix("%") ? String(argument.dropLast()) : argument
        guard let value = Double(number), value >= 0, value < 100 else { return nil }
        rate = value / 100
    }

    /// What was typed, as far as anybody would type digits.
    var defaultValueDescription: String { String(format: "%.8g%%", rate * 100) }
}
