import CJPEG

/// Writes RGB and gray pictures as baseline JPEG.
///
/// The buffer that libjpeg writes into grows to the largest picture and stays. Not Sendable: it holds libjpeg's
/// state, so each worker makes its own.
public final class JPEGEncoder {
    /// How colour is stored: as fine as brightness, or at half its resolution both ways (smaller and faster, but thin
    /// coloured lines smear).
    public enum Chroma: Sendable { case full, halved }

    /// 1 … 100.
    public let quality: Int
    public let chroma: Chroma
    private let handle: OpaquePointer?

    public init(quality: Int = 85, chroma: Chroma = .halved) {
        self.quality = min(100, max(1, quality))
        self.chroma = chroma
        handle = flawd_jpeg_encoder_create()
    }

    deinit { flawd_jpeg_encoder_destroy(handle) }

    public func encode(_ image: RGBImage) throws(ImagingError) -> [UInt8] {
        try withEncoded(UnsafeBufferPointer(image.bytes), size: image.size, channels: 3) { [UInt8]($0) }
    }

    /// Encodes into an array whose storage is reused.
    public func encode(_ image: RGBImage, into output: inout [UInt8]) throws(ImagingError) {
        try withEncoded(UnsafeBufferPointer(image.bytes), size: image.size, channels: 3) { encoded in
            output.removeAll(keepingCapacity: true)
            output.append(contentsOf: encoded)
        }
    }

    /// Encodes a gray picture of `size.height * size.width` bytes.
    public func encode(gray: [UInt8], size: PixelSize) throws(ImagingError) -> [UInt8] {
        try gray.withUnsafeBufferPointer { (pixels) throws(ImagingError) in
            try withEncoded(pixels, size: size, channels: 1) { [UInt8]($0) }
        }
    }

    /// Hands the encoded bytes to `body`; they are overwritten by the next picture.
    private func withEncoded<Result>(
        _ pixels: UnsafeBufferPointer<UInt8>, size: PixelSize, channels: Int,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(ImagingError) -> Result {
        guard (1...65500).contains(size.width), (1...65500).contains(size.height) else {
            throw .encoding("\(size) pixels; JPEG holds 1×1 to 65500×65500")
        }
        guard pixels.count == size.area * channels else {
            throw .encoding("\(pixels.count) bytes for \(size) pixels of \(channels) bytes")
        }
        guard handle != nil else { throw .outOfMemory }
        var output: UnsafePointer<UInt8>?
        var count = 0
        let code = flawd_jpeg_encoder_encode(
            handle, pixels.baseAddress, UInt32(size.width), UInt32(size.height), Int32(channels), Int32(quality),
            chroma == .full ? 1 : 0, &output, &count)
        switch code {
        case FLAWD_JPEG_OK: return body(UnsafeRawBufferPointer(start: output, count: count))
        case FLAWD_JPEG_OUT_OF_MEMORY: throw .outOfMemory
        default: throw .encoding(String(cString: flawd_jpeg_encoder_message(handle)))
        }
    }
}
