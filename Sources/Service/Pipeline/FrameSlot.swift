import Imaging

/// The buffers one frame occupies between decoding and publishing. There is a fixed number of them, reused for months.
// @unchecked Sendable: a slot has one owner at a time. A stage hands it on and never touches it again.
public final class FrameSlot: @unchecked Sendable {
    /// The decoded frame.
    public let image = RGBImage()
    /// `maskSize.height * maskSize.width` bytes, 0 or 255; filled only while masks are published.
    public var mask: [UInt8] = []
    public var maskSize = PixelSize(width: 0, height: 0)
    /// A JPEG; filled only while overlays are published.
    public var overlay: [UInt8] = []

    public init() {}

    /// Copies a mask of 0 and 1 as 0 and 255.
    func capture(_ source: BinaryMask) {
        maskSize = source.size
        mask.removeAll(keepingCapacity: true)
        mask.reserveCapacity(source.pixels.count)
        source.pixels.withUnsafeBufferPointer { pixels in
            mask.append(contentsOf: pixels.lazy.map { $0 == 0 ? 0 : 255 })
        }
    }

    /// Empties what the last frame left, keeping the memory.
    func clear() {
        maskSize = PixelSize(width: 0, height: 0)
        mask.removeAll(keepingCapacity: true)
        overlay.removeAll(keepingCapacity: true)
    }
}
