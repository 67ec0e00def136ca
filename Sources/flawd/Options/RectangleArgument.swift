import ArgumentParser
import Imaging

/// `x,y,width,height` in pixels on the command line.
struct RectangleArgument: ExpressibleByArgument {
    let rect: PixelRect

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard parts.count == 4, parts[0...1].allSatisfy({ (0...65_500).contains($0) }), parts[2...3].allSatisfy({ (1...65_500).contains($0) })
        else { return nil }
        rect = PixelRect(x: parts[0], y: parts[1], width: parts[2], height: parts[3])
    }
}
