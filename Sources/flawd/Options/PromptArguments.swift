import ArgumentParser
import SegmentAnything

/// `x0,y0,x1,y1` on the command line.
struct BoxArgument: ExpressibleByArgument {
    let box: Prompt.Box

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).compactMap { Float($0) }
        guard numbers.count == 4, numbers.allSatisfy(\.isFinite), numbers[0] < numbers[2], numbers[1] < numbers[3] else { return nil }
        box = Prompt.Box(left: numbers[0], top: numbers[1], right: numbers[2], bottom: numbers[3])
    }
}

/// `x,y` or `x,y,label` on the command line; the label is 1 for foreground (the default) and 0 for background.
struct PointArgument: ExpressibleByArgument {
    let point: Prompt.Point

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, let x = Float(parts[0]), let y = Float(parts[1]), x.isFinite, y.isFinite
        else { return nil }
        guard let label = parts.count == 3 ? Int(parts[2]).flatMap(Prompt.Point.Label.init) : .foreground else { return nil }
        point = Prompt.Point(x: x, y: y, label: label)
    }
}
