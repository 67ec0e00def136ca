import ArgumentParser
import Imaging

/// `640x480` on the command line.
struct FrameSizeArgument: ExpressibleByArgument {
    var size: PixelSize

    init?(argument: String) {
        let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ (1...65_500).contains($0) }) else { return nil }
        size = PixelSize(width: parts[0], height: parts[1])
    }
}
