/// A colour, 8 bits a channel.
public struct RGBColor: Hashable, Sendable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    public static let black = RGBColor(0, 0, 0)
    public static let white = RGBColor(255, 255, 255)

    /// Black or white, whichever stands out more on this colour (by Rec. 601 brightness).
    public var contrasting: RGBColor {
        let brightness = (299 * Int(red) + 587 * Int(green) + 114 * Int(blue)) / 1000
        return brightness > 140 ? .black : .white
    }
}
