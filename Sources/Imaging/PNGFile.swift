import CPNG

/// PNG files: pictures and masks of data sets, and the masks that `flawd segment` writes.
///
/// libpng's simplified interface does the work: palettes, 1 to 16 bits, colour and alpha become 8-bit gray or RGB.
public enum PNGFile {
    /// The size that the header states, checked against the limits. The pixels are not looked at.
    ///
    /// - Throws: ``ImagingError`` when the bytes are no PNG or the picture is larger than `limits`.
    public static func size(of bytes: UnsafeRawBufferPointer, limits: ImageLimits = ImageLimits()) throws(ImagingError) -> PixelSize {
        var image = png_image()
        defer { png_image_free(&image) }
        return try begin(&image, bytes, limits)
    }

    /// Reads 8-bit gray, row by row. Colour is weighed to its luminance.
    ///
    /// - Throws: ``ImagingError`` when the bytes are no PNG, damaged, or a picture larger than `limits`.
    public static func decodeGray(
        _ bytes: UnsafeRawBufferPointer, limits: ImageLimits = ImageLimits()
    ) throws(ImagingError) -> (size: PixelSize, pixels: [UInt8]) {
        var image = png_image()
        defer { png_image_free(&image) }
        let size = try begin(&image, bytes, limits)
        var pixels = [UInt8](repeating: 0, count: size.area)
        let code = pixels.withUnsafeMutableBufferPointer { finish(&image, flawd_png_gray(), $0) }
        guard code else { throw failure(&image) }
        return (size, pixels)
    }

    /// Reads RGB into an image, which is given its size. What is transparent is laid on black.
    ///
    /// - Throws: ``ImagingError``, as ``decodeGray(_:limits:)`` does; the image's pixels are undefined then.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, limits: ImageLimits = ImageLimits(), into picture: RGBImage
    ) throws(ImagingError) {
        var image = png_image()
        defer { png_image_free(&image) }
        let size = try begin(&image, bytes, limits)
        picture.resize(width: size.width, height: size.height)
        picture.bytes.update(repeating: 0)
        guard finish(&image, flawd_png_rgb(), picture.bytes) else { throw failure(&image) }
    }

    /// Writes 8-bit gray pixels, row by row.
    public static func writeGray(_ pixels: [UInt8], size: PixelSize, path: String) throws(ImagingError) {
        precondition(pixels.count == size.area)
        guard let width = UInt32(exactly: size.width), let height = UInt32(exactly: size.height) else {
            throw ImagingError.png("\(path): \(size.width)×\(size.height) pixels do not fit a PNG")
        }
        var image = png_image()
        image.version = flawd_png_version()
        image.width = width
        image.height = height
        image.format = flawd_png_gray()
        defer { png_image_free(&image) }
        guard png_image_write_to_file(&image, path, 0, pixels, 0, nil) != 0 else {
            throw ImagingError.png("\(path): \(message(&image))")
        }
    }

    private static func begin(
        _ image: inout png_image, _ bytes: UnsafeRawBufferPointer, _ limits: ImageLimits
    ) throws(ImagingError) -> PixelSize {
        image.version = flawd_png_version()
        guard let start = bytes.baseAddress, bytes.count > 0 else { throw .empty }
        guard png_image_begin_read_from_memory(&image, start, bytes.count) != 0 else { throw failure(&image) }
        let size = PixelSize(width: Int(image.width), height: Int(image.height))
        try limits.check(size)
        // Samples of 16 bits that state no gamma are the camera's levels, not linear light: they are only shortened.
        image.flags |= flawd_png_16bit_srgb()
        return size
    }

    private static func finish(_ image: inout png_image, _ format: png_uint_32, _ pixels: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        image.format = format
        return png_image_finish_read(&image, nil, pixels.baseAddress, 0, nil) != 0 && flawd_png_failed(&image) == 0
    }

    private static func failure(_ image: inout png_image) -> ImagingError {
        .png("the PNG cannot be read: \(message(&image))")
    }

    private static func message(_ image: inout png_image) -> String {
        withUnsafeBytes(of: &image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
