extension Canvas {
    /// Draws one line of text, each dot of the 5×7 letters `scale` pixels wide; (`x`, `y`) is its left top corner.
    public func text(_ text: String, x: Int, y: Int, _ color: RGBColor, scale: Int = 1) {
        let scale = max(1, min(scale, 64))
        guard y < image.height, y > -BitmapFont.height * scale else { return }
        var left = Clipping.tame(x)
        for character in text.unicodeScalars {
            if left >= image.width { return }
            for (row, dots) in BitmapFont.glyph(character).enumerated() {
                for column in 0..<BitmapFont.width where dots & (16 >> UInt8(column)) != 0 {
                    fill(
                        PixelRect(x: left + column * scale, y: y + row * scale, width: scale, height: scale), color)
                }
            }
            left += BitmapFont.advance * scale
        }
    }

    /// The pixels that `text` covers.
    public static func textSize(_ text: String, scale: Int = 1) -> PixelSize {
        let count = text.unicodeScalars.count, scale = max(1, min(scale, 64))
        let gap = BitmapFont.advance - BitmapFont.width
        return PixelSize(
            width: count == 0 ? 0 : (count * BitmapFont.advance - gap) * scale, height: BitmapFont.height * scale)
    }

    /// Fills a band along the picture's top edge and writes `text` on it in black or white, whichever reads better.
    ///
    /// The letters grow with the picture, and shrink to fit as long as they stay legible; then the text is cut short.
    /// - Returns: the band.
    @discardableResult
    public func banner(_ text: String, _ color: RGBColor) -> PixelRect {
        var scale = max(1, min(image.width, image.height * 2) / 240)
        while scale > 1, Self.textSize(text, scale: scale).width + 4 * scale > image.width { scale -= 1 }
        let margin = 2 * scale
        let band = PixelRect(
            x: 0, y: 0, width: image.width, height: min(image.height, BitmapFont.height * scale + 2 * margin))
        fill(band, color)

        var shown = text
        let room = (image.width - 2 * margin + scale) / (BitmapFont.advance * scale)
        if shown.unicodeScalars.count > room {
            shown = String(String.UnicodeScalarView(text.unicodeScalars.prefix(max(0, room - 2)))) + ".."
        }
        self.text(shown, x: margin, y: margin, color.contrasting, scale: scale)
        return band
    }
}
