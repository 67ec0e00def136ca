extension RGBColor {
    /// One of a series of bright colours that are easily told apart: each hue lies a golden angle from the last, so that
    /// any few neighbours of the series are far apart.
    public static func distinct(_ index: Int) -> RGBColor {
        let turn = (Double(index) * 0.618_033_988_749_895 + 0.58).truncatingRemainder(dividingBy: 1)
        let hue = (turn < 0 ? turn + 1 : turn) * 6
        func channel(_ shift: Double) -> UInt8 {
            // A full-saturation hue wheel, lifted a little from black.
            let distance = abs((hue + shift).truncatingRemainder(dividingBy: 6) - 3)
            return UInt8(40 + 215 * min(max(distance - 1, 0), 1))
        }
        return RGBColor(channel(0), channel(4), channel(2))
    }
}
