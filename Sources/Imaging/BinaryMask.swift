/// A mask of one byte a pixel, 0 outside and 1 inside, rows packed.
public struct BinaryMask: Equatable, Sendable {
    public private(set) var size: PixelSize
    public var pixels: [UInt8]

    public init(width: Int = 0, height: Int = 0) {
        size = PixelSize(width: width, height: height)
        pixels = [UInt8](repeating: 0, count: width * height)
    }

    public var width: Int { size.width }
    public var height: Int { size.height }

    public subscript(x: Int, y: Int) -> Bool {
        get { pixels[y * size.width + x] != 0 }
        set { pixels[y * size.width + x] = newValue ? 1 : 0 }
    }

    /// Gives the mask another size and clears it; storage is reused.
    public mutating func reset(width: Int, height: Int) {
        size = PixelSize(width: width, height: height)
        pixels.removeAll(keepingCapacity: true)
        pixels.append(contentsOf: repeatElement(0, count: width * height))
    }
}
