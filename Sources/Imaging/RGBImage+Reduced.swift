extension RGBImage {
    /// A copy whose longest side has no more pixels than this, antialiased; the picture itself where it is small enough.
    public func reduced(to longest: Int) -> RGBImage {
        let side = max(width, height)
        guard side > longest else { return self }
        let result = RGBImage(width: max(1, width * longest / side), height: max(1, height * longest / side))
        let horizontal = AntialiasedTaps(source: width, target: result.width)
        let vertical = AntialiasedTaps(source: height, target: result.height)
        var rows = [UInt8](repeating: 0, count: height * result.width * 3)
        guard let source = bytes.baseAddress, let target = result.bytes.baseAddress else { return result }
        rows.withUnsafeMutableBufferPointer { rows in
            guard let rows = rows.baseAddress else { return }
            let line = result.width * 3
            for y in 0..<height { horizontal.resizeRow(source + y * width * 3, into: rows + y * line) }
            for y in 0..<result.height {
                let first = vertical.sources(of: y..<y + 1).lowerBound
                vertical.resizeColumns(y, of: rows + first * line, count: line, into: target + y * line)
            }
        }
        return result
    }
}
