/// Pixels in RGB order, 8 bits a channel, rows packed: height × width × 3 bytes.
///
/// The storage is kept when an image of the same or a smaller size is put into it, so that one object serves a
/// camera for months without another allocation.
// @unchecked Sendable: an image has one owner at a time. A pipeline stage hands it on and never touches it again.
public final class RGBImage: @unchecked Sendable {
    public private(set) var size: PixelSize
    private var storage: UnsafeMutableBufferPointer<UInt8>

    /// - Precondition: `width` and `height` are not negative and their product was checked by the caller.
    public init(width: Int = 0, height: Int = 0) {
        size = PixelSize(width: width, height: height)
        storage = .allocate(capacity: max(1, width * height * 3))
        storage.initialize(repeating: 0)
    }

    deinit { storage.deallocate() }

    public var width: Int { size.width }
    public var height: Int { size.height }

    /// The pixels: `height * width * 3` bytes.
    public var bytes: UnsafeMutableBufferPointer<UInt8> {
        UnsafeMutableBufferPointer(rebasing: storage[0..<(size.area * 3)])
    }

    /// Gives the image another size. The contents are undefined afterwards.
    public func resize(width: Int, height: Int) {
        let needed = width * height * 3
        if needed > storage.count {
            storage.deallocate()
            storage = .allocate(capacity: needed)
            storage.initialize(repeating: 0)
        }
        size = PixelSize(width: width, height: height)
    }
}
