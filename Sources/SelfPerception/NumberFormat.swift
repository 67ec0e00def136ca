/// A number with a fixed count of decimals, as logs and tables want it.
public func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale: Int64 = 1
    for _ in 0..<max(0, min(decimals, 3)) { scale *= 10 }
    let scaled = Int64((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard scale > 1 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % scale)
    let padding = String(repeating: "0", count: String(scale).count - 1 - fraction.count)
    return "\(sign)\(scaled / scale).\(padding)\(fraction)"
}

extension Double {
    /// A share in per cent, without decimals that say nothing.
    var percent: String {
        let tenths = (self * 1000).rounded()
        return tenths.truncatingRemainder(dividingBy: 10) == 0 ? "\(fixed(self * 100, 0))%" : "\(fixed(self * 100, 1))%"
    }
}
