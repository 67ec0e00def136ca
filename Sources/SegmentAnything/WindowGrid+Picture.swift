import Imaging

extension WindowGrid {
    /// The tokens of the windows that are needed of a picture, or nil where that is every window it lies on: then the whole
    /// input, padding included, is to be encoded.
    ///
    /// - Parameters:
    ///   - geometry: how the picture lies on the input.
    ///   - isNeeded: whether anything of a rectangle of the picture's pixels is.
    public func tokens(of geometry: DisplayGeometry, where isNeeded: (PixelRect) -> Bool) -> TokenSet? {
        let stride = geometry.layout.side / side
        // A pixel of the picture lies between two pixels of the input, and each of these between two cells of the mask, of
        // which a token has four on a side. Windows are as much wider, so that no pixel of a region needs a cell that is not there.
        let reach = stride / 4 + 1
        var isTaken = [Bool](repeating: false, count: count), isWhole = true
        for index in 0..<count {
            let area = self[index], top = area.token / side * stride, left = area.token % side * stride
            guard
                let columns = Self.pixels(
                    left - reach..<left + area.columns * stride + reach, content: geometry.content.width, length: geometry.picture.width),
                let rows = Self.pixels(
                    top - reach..<top + area.rows * stride + reach, content: geometry.content.height, length: geometry.picture.height)
            else { continue }
            isTaken[index] = isNeeded(PixelRect(x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count))
            isWhole = isWhole && isTaken[index]
        }
        return isWhole || !isTaken.contains(true) ? nil : TokenSet(self, isTaken: isTaken)
    }

    /// Along one axis the picture's pixels that touch a range of the input's, of which the picture covers the first `content`.
    private static func pixels(_ input: Range<Int>, content: Int, length: Int) -> Range<Int>? {
        let range = input.clamped(to: 0..<content)
        guard !range.isEmpty else { return nil }
        return range.lowerBound * length / content..<min(length, (range.upperBound * length + content - 1) / content)
    }
}
