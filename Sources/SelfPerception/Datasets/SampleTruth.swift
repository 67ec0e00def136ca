import Imaging

/// The truth about one picture, at the picture's own size.
public struct SampleTruth: Sendable {
    public let size: PixelSize
    /// Gray levels, row-major, as the published evaluation stretches and thresholds them: above 128 is defective.
    /// Shapes, and masks with another threshold, are 0 or 255.
    public let gray: [UInt8]

    /// Every pixel above 128.
    public var mask: BinaryMask {
        var mask = BinaryMask(width: size.width, height: size.height)
        for index in gray.indices where gray[index] > Self.level { mask.pixels[index] = 1 }
        return mask
    }

    public var isEmpty: Bool { gray.allSatisfy { $0 <= Self.level } }

    static let level: UInt8 = 128
}
